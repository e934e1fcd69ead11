"""Shapes in which a dropout that stays on was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F
from torch import nn

# -- as reported in rixwew/pytorch-fm#21: on attention scores, the rate an attribute --------------


class AttentionalFM(nn.Module):
    def __init__(self, embed_dim, attn_size, dropouts):
        super().__init__()
        self.attention = nn.Linear(embed_dim, attn_size)
        self.projection = nn.Linear(attn_size, 1)
        self.fc = nn.Linear(embed_dim, 1)
        self.dropouts = dropouts

    def forward(self, inner_product):
        attn_scores = F.relu(self.attention(inner_product))
        attn_scores = F.softmax(self.projection(attn_scores), dim=1)
        attn_scores = F.dropout(attn_scores, p=self.dropouts[0])  # XFR310
        attn_output = torch.sum(attn_scores * inner_product, dim=1)
        attn_output = F.dropout(attn_output, p=self.dropouts[1])  # XFR310
        return self.fc(attn_output)


class AttentionalFMFixed(nn.Module):
    def __init__(self, embed_dim, attn_size, dropouts):
        super().__init__()
        self.attention = nn.Linear(embed_dim, attn_size)
        self.projection = nn.Linear(attn_size, 1)
        self.fc = nn.Linear(embed_dim, 1)
        self.dropouts = dropouts

    def forward(self, inner_product):
        attn_scores = F.relu(self.attention(inner_product))
        attn_scores = F.softmax(self.projection(attn_scores), dim=1)
        attn_scores = F.dropout(attn_scores, p=self.dropouts[0], training=self.training)
        attn_output = torch.sum(attn_scores * inner_product, dim=1)
        attn_output = F.dropout(attn_output, self.dropouts[1], self.training)
        return self.fc(attn_output)


# -- as reported in facebookresearch/DME#3: guarded by the rate, not by the mode ------------------


class Embedder(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.args = args
        self.emb = nn.Embedding(100, 16)

    def forward(self, words):
        out = self.emb(words)
        if self.args.emb_dropout > 0.0:
            out = F.dropout(out, p=self.args.emb_dropout)  # XFR310
        return out


class EmbedderFixed(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.args = args
        self.emb = nn.Embedding(100, 16)

    def forward(self, words):
        out = self.emb(words)
        if self.args.emb_dropout > 0.0:
            out = F.dropout(out, p=self.args.emb_dropout, training=self.training)
        return out


# -- as reported in delip/PyTorchNLPBook#28: a flag of forward's, for something else --------------


class Classifier(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(num_features, 8), nn.Linear(8, 2)

    def forward(self, x, apply_softmax=False):
        hidden = F.relu(self.fc1(x))
        out = self.fc2(F.dropout(hidden, p=0.5))  # XFR310
        if apply_softmax:
            out = F.softmax(out, dim=1)
        return out


class ClassifierFixed(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(num_features, 8), nn.Linear(8, 2)

    def forward(self, x, apply_softmax=False):
        hidden = F.relu(self.fc1(x))
        out = self.fc2(F.dropout(hidden, p=0.5, training=self.training))
        if apply_softmax:
            out = F.softmax(out, dim=1)
        return out


# -- as reported in yangze0930/NTS-Net#14: a module made where it is used --------------------------


class ResNetHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(64, 10)

    def forward(self, x):
        x = self.avgpool(x)
        x = x.view(x.size(0), -1)
        x = nn.Dropout(p=0.5)(x)  # XFR109
        return self.fc(x)


class ResNetHeadFixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.avgpool, self.fc, self.drop = nn.AdaptiveAvgPool2d(1), nn.Linear(64, 10), nn.Dropout()

    def forward(self, x):
        x = self.avgpool(x)
        x = x.view(x.size(0), -1)
        return self.fc(self.drop(x))
