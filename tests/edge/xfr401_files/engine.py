def train_one_epoch(model, criterion, batches, device="cpu"):
    for x, y in batches:
        output = model(x.to(device))
        loss = criterion(output, y)
        loss.backward()


def measure(model, criterion, batches):
    for x, y in batches:
        criterion(y, model(x))
    return [batch for batch in batches]
