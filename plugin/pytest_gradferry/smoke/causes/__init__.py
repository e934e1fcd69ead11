"""Why a check failed, where finding that out takes more than the check itself."""
