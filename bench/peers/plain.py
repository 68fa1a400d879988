"""The model as one would first write it: batch first, `@` and einsum, autodiff.

`xp` is jax.numpy or torch. The tuned steps are measured against this one, so that a reader
sees what tuning was worth. Letters: B prompts, n context, d input, D = d + 1.
"""


def swap(m):
    return m.swapaxes(-1, -2)


def full_row(xp, theta, eye, gram=None, tokens=None):
    """The implicit weights w^L [B, d] of a batch.

    gram [B, D, D] is G/n. If tokens [B, n, D] are given, every layer computes G from them anew.
    """
    grams, maps = [], []
    for layer in range(len(theta)):
        p, q = theta[layer][0], theta[layer][1]
        if tokens is not None:
            gram = swap(tokens) @ tokens / tokens.shape[1]
        grams.append(gram)
        if layer == len(theta) - 1:
            break  # of the last layer only the y row is read
        maps.append(eye + p @ (gram @ q))
        if tokens is not None:
            tokens = tokens @ swap(maps[-1])
        else:
            gram = maps[-1] @ gram @ swap(maps[-1])
    z = eye[-1] + (grams[-1] @ p[-1]) @ q  # the y row of T_{L-1}, then z <- T_l^T z
    for t in reversed(maps):
        z = xp.einsum("bij,bi->bj", t, z)
    return -z[:, :-1]


def diag_row(xp, theta, eye, gram=None, tokens=None):
    """The same for DIAG: A = [[xx S, xy alpha], [yx alpha^T, yy lambda]], P and Q never formed."""
    d = len(eye) - 1
    states = []
    for layer in range(len(theta)):
        xx, xy, yx, yy = theta[layer][0], theta[layer][1], theta[layer][2], theta[layer][3]
        if tokens is not None:
            gram = swap(tokens) @ tokens / tokens.shape[1]
        s, alpha, lam = gram[:, :d, :d], gram[:, :d, d], gram[:, d, d]
        states.append((s, alpha, lam))
        if layer == len(theta) - 1:
            break
        if tokens is not None:
            x, y = tokens[:, :, :d], tokens[:, :, d:]
            along = x @ alpha[:, :, None]
            x, y = (
                x + xx * (x @ s) + xy * y * alpha[:, None, :],
                y + yx * along + yy * lam[:, None, None] * y,
            )
            tokens = xp.concatenate([x, y], -1)
        else:
            left = xp.concatenate([xx * s, yx * alpha[:, None, :]], 1)
            right = xp.concatenate([xy * alpha, yy * lam[:, None]], 1)
            t = eye + xp.concatenate([left, right[:, :, None]], 2)
            gram = t @ gram @ swap(t)
    z, zy = yx * alpha, 1 + yy * lam
    for layer in reversed(range(len(theta) - 1)):
        xx, xy, yx, yy = theta[layer][0], theta[layer][1], theta[layer][2], theta[layer][3]
        s, alpha, lam = states[layer]
        turned = xp.einsum("bij,bj->bi", s, z)
        z, zy = (
            z + xx * turned + yx * alpha * zy[:, None],
            zy + xy * (alpha * z).sum(-1) + yy * lam * zy,
        )
    return -z


ROW = {"full": full_row, "diag": diag_row}
