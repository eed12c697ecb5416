"""Model files that were damaged, or altered by somebody who can compute a hash.

`mutants` makes the same ones from the same model. What would leave the model what it is, is
left out by construction: figures of a tree that no score is computed from (gain, cover, weight
of an inner node) and the open text of evaluation and settings are only changed into what may
not stand there at all.
"""

import codecs
import copy
import gzip
import hashlib
import json
import random

from proteoclass.io import canonical_json

#: Stands for a number that JSON has and a double has not.
HUGE = "@huge@"
ESCAPE, REVERSED, MARKUP = "\x1b]0;x\x07", "a\u202etxt", "<img src=x onerror=alert(1)>"


def text(document, *, rehash=True):
    """Return the bytes of a document, its hash made anew as an attacker would."""
    if rehash:
        try:
            content = canonical_json(document["content"])
            document["sha256"] = hashlib.sha256(content).hexdigest()
        except (ValueError, KeyError):
            pass
    return json.dumps(document).replace(f'"{HUGE}"', "1e400").encode()


def leaves(value, path=()):
    """Yield the path of one leaf of each kind: the first of a list stands for all of it."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list) and value:
        yield from leaves(value[0], (*path, 0))
    else:
        yield path, value


def replaced(document, path, value):
    altered = copy.deepcopy(document)
    target = altered
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return altered


def without(document, path):
    altered = copy.deepcopy(document)
    target = altered
    for step in path[:-1]:
        target = target[step]
    del target[path[-1]]
    return altered


def wrong_fields(document):
    """Every kind of field of the content, with what may not stand there."""
    content = {k: v for k, v in document["content"].items() if k != "boosters"}
    for path, value in leaves(content, ("content",)):
        name = ".".join(map(str, path[1:]))
        is_open = path[1] in ("evaluation", "settings")
        if isinstance(value, str):
            for what, new in (("escape", ESCAPE), ("reversed", REVERSED), ("markup", MARKUP)):
                yield f"{name} {what}", text(replaced(document, path, new))
        elif not isinstance(value, bool) and value is not None:
            yield f"{name} beyond a double", text(replaced(document, path, HUGE))
            yield f"{name} of 400 digits", text(replaced(document, path, 10**400))
        if not is_open and value not in ([], {}):
            yield f"{name} a group", text(replaced(document, path, {"a": 1}))


def wrong_boosters(document):
    """Every kind of field of XGBoost's own JSON, gone, of another type, or out of bounds."""
    start = ("content", "boosters", 0)
    for path, value in leaves(document["content"]["boosters"][0], start):
        name = ".".join(map(str, path[3:])).replace("learner.gradient_booster.model.", "")
        if "cats" in path:
            # Boosters of older versions lack it, and are none the worse.
            yield f"{name} filled", text(replaced(document, path, [1]))
            continue
        news = (None, "x", {"a": [0]}, [[0]], -7, 2**31 + 5, 1e30, HUGE, 10**400)
        # Deep in a list of two kinds of number the type alone tells.
        news += (True,) if isinstance(value, (int, float)) else ("1e400", "9" * 5000)
        for new in news:
            # These figures may be any whole number below the next version of XGBoost.
            if path[3] == "version" and new == -7:
                continue
            yield f"{name} {str(new)[:20]}", text(replaced(document, path, new))
        if isinstance(path[-1], str):
            yield f"{name} gone", text(without(document, path))
            yield f"{name} twice", text(replaced(document, (*path[:-1], path[-1] + "_"), value))


def trees_of(document):
    booster = document["content"]["boosters"][0]
    return booster["learner"]["gradient_booster"]["model"]["trees"]


def attacks(document):
    """What an attacker may do to trees, sums and limits, the hash recomputed."""
    altered = copy.deepcopy(document)
    tree = trees_of(altered)[0]
    model = altered["content"]["boosters"][0]["learner"]["gradient_booster"]

    def made(name):
        nonlocal altered, tree, model
        made_of = text(altered)
        altered = copy.deepcopy(document)
        tree = trees_of(altered)[0]
        model = altered["content"]["boosters"][0]["learner"]["gradient_booster"]
        return name, made_of

    for node, child in ((0, 0), (1, 0), (0, 10**6), (0, -2), (1, 1), (0, 2**31 - 1)):
        tree["left_children"][node] = child
        yield made(f"left child of {node} is {child}")
        tree["right_children"][node] = child
        yield made(f"right child of {node} is {child}")
    for feature in (-1, 8, 500, 2**31 - 1):
        tree["split_indices"][0] = feature
        yield made(f"splits on {feature}")
    for name in ("left_children", "split_conditions", "parents", "default_left"):
        tree[name].pop()
        yield made(f"{name} too short")
        tree[name].append(tree[name][-1])
        yield made(f"{name} too long")
    tree["parents"][1] = 2
    yield made("another parent")
    tree["parents"][0] = 1
    yield made("a root with a parent")
    tree["default_left"][0] = 2
    yield made("default to neither side")
    tree["sum_hessian"][0] = 0.0
    yield made("a split without weight")
    tree["sum_hessian"][0] = -1.0
    yield made("a negative weight")
    tree["split_conditions"][1] = 3e38
    yield made("a huge leaf")
    trees_of(altered).reverse()
    yield made("trees in reverse")
    trees_of(altered).pop()
    yield made("a tree less")
    trees_of(altered).append(copy.deepcopy(tree))
    yield made("a tree more")
    for depth in (65, 2000, 50_000):
        trees_of(altered)[0] = chain(tree, depth)
        yield made(f"a tree {depth} deep")
    for name in ("dart", "gblinear", ""):
        model["name"] = name
        yield made(f"booster {name}")
    for name in ("learner_train_param", "config"):
        altered["content"]["boosters"][0]["learner"][name] = {"booster": "gbtree"}
        yield made(f"a part {name}")
    for base in ("NaN", "-1E0", "0E0", "1E0", "[5E-1,5E-1]", "inf", "5E-1x", "0x1", "[]", "٥E-1"):
        learner = altered["content"]["boosters"][0]["learner"]
        learner["learner_model_param"]["base_score"] = base
        yield made(f"base_score {base}")
    yield from (made_of for made_of in content_attacks(document))


def chain(tree, depth):
    """Return a tree that branches to the right alone."""
    size = 2 * depth + 1
    inner = [i for i in range(size) if i % 2 == 0 and i < size - 1]
    left, right, parents = [-1] * size, [-1] * size, [2**31 - 1] * size
    for node in inner:
        left[node], right[node] = node + 1, node + 2
        parents[node + 1] = parents[node + 2] = node
    column = {name: [0] * size for name in ("split_indices", "default_left", "split_type")}
    real = dict.fromkeys(("base_weights", "loss_changes", "split_conditions"), [0.0] * size)
    shape = {"left_children": left, "right_children": right, "parents": parents}
    head = tree["tree_param"] | {"num_nodes": str(size)}
    return tree | column | real | shape | {"sum_hessian": [1.0] * size, "tree_param": head}


def content_attacks(document):
    for path, news in {
        ("calibration", "slope"): (0.0, -1.0, 1e12),
        ("calibration", "intercept"): (1e12, -1e300),
        ("thresholds", "lower"): (101.5, -2.0, 1e300),
        ("thresholds", "upper"): (-1.0, 1e9),
        ("thresholds", "sensitivity"): (1.1, -0.1),
        ("booster_weight",): (-0.1, 1.1),
        ("panel", 0, "spread"): (0.0, -1.0, 1e-300, 1e300),
        ("panel", 0, "centre"): (1e10,),
        ("panel", 0, "median"): (-1e300,),
        ("panel", 0, "id"): ("", " ", "x" * 501, "\ud800", document["content"]["panel"][1]["id"]),
        ("panel", 0, "gene"): ("G\n1", "G\x00", "\u2028", "x" * 2001, "<!--", "</td>"),
        ("panel", 0, "direction"): ("sideways", ""),
        ("normaliser", "method"): ("none", "exec"),
        ("normaliser", "reference"): ([],),
        ("outcome", "positive"): ("", "  ", document["content"]["outcome"]["negative"]),
        ("outcome", "negative"): ("\x9b2J", "\u2066", "\ufeff"),
        ("missing", "max_not_measured"): (-1, 10**10, 1.0),
        ("missing", "min_detected"): (-1, True),
        ("reference", "edges"): ([0.0], [0.0] * 22),
        ("reference", "origin"): ("training",),
        ("training", "samples"): (["S00v0"], ["ab" * 9]),
        ("companion", "intercepts"): ([], [0.0]),
        ("companion", "coefficients"): ([], [[0.0]]),
        ("evaluation", "auc"): (7, [], "high", {"mean_over_repeats": "x"}),
        ("evaluation", "auc", "interval"): ([1], [0.1, 7.0], "ab", [True, False]),
        ("evaluation", "permutation"): (
            7,
            {"p": "x"},
            {"p": 2.0},
            {"n": -1},
            {"n": [1]},
            {"n": None},
        ),
        ("evaluation", "thresholds"): ("x", [None], {"a": 1}),
        ("evaluation", "warnings"): (7, [7], "x"),
        ("boosters",): ([], [{}], [[]], {}, "", [None]),
        ("probes",): ([], {}, [{}]),
        ("panel",): ([], {}),
        ("fluid",): ("blood", ""),
        ("kind",): ("count",),
        ("not_for",): ("all", [1]),
        ("software",): ([], {"xgboost": 3}),
        ("run_me",): ("import os",),
    }.items():
        for new in news:
            altered = replaced(document, ("content", *path), new)
            yield f"{'.'.join(map(str, path))} = {str(new)[:20]!r}", text(altered)
    for change in (1e-5, -1e-3, 1.0):
        altered = copy.deepcopy(document)
        altered["content"]["probes"][2]["margin"] += change
        yield f"a probe moved by {change}", text(altered)
    for name in ("panel", "reference"):
        altered = copy.deepcopy(document)
        altered["content"]["probes"][0][name].pop()
        yield f"a probe with a short {name}", text(altered)
    for depth in (30, 400, 900):
        altered = copy.deepcopy(document)
        altered["content"]["evaluation"]["deep"] = nest(depth)
        yield f"evaluation {depth} deep", text(altered)


def nest(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def heads(document):
    """Another format, version or hash, the content as it was."""
    plain = text(copy.deepcopy(document))
    for version in (0, -1, 5, 10**30, 1, 2, 3, "4", 4.0, True, None, [], {}):
        altered = {**copy.deepcopy(document), "version": version}
        yield f"version {version!r}", text(altered)
    for digest in ("", "0" * 64, document["sha256"].upper(), document["sha256"][:12], None, 5):
        altered = {**copy.deepcopy(document), "sha256": digest}
        yield f"hash {digest!r}", text(altered, rehash=False)
    for name in ("format", "sha256", "content"):
        yield f"no {name}", text(without(document, (name,)), rehash=False)
        again = f'"{name}": {json.dumps(document[name])}, '.encode()
        yield f"{name} twice", plain.replace(b"{", b"{" + again, 1)
        yield f"{name} null", text(replaced(document, (name,), None), rehash=False)
    yield "another format", text({**copy.deepcopy(document), "format": "pickle"})
    yield "a field beside the content", text({**copy.deepcopy(document), "run": "x"})


def damaged(document):
    """Bytes lost, flipped, added or recoded on the way."""
    plain = text(copy.deepcopy(document))
    rng = random.Random(5)
    for share in range(0, 100, 5):
        yield f"cut at {share} %", plain[: len(plain) * share // 100]
    yield "cut by one brace", plain[:-1]
    for number in range(40):
        bad = bytearray(plain)
        for _ in range(1 + number % 4):
            bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        yield f"flipped {number}", bytes(bad)
    whole = plain.decode()
    yield from {
        "a byte order mark": codecs.BOM_UTF8 + plain,
        "UTF-16": whole.encode("utf-16"),
        "UTF-32": whole.encode("utf-32"),
        "gzip": gzip.compress(plain, mtime=0),
        "bytes after the end": plain + b"}",
        "a second model after the end": plain + plain,
        "a NUL after the end": plain + b"\0",
        "blank": b" \n\t ",
        "NULs": b"\0" * 4096,
        "no text": bytes(range(256)) * 16,
        "null": b"null",
        "a number": b"1",
        "a text": b'"proteoclass-model"',
        "a list": b"[" + plain + b"]",
        "a broken character": plain.replace(b"urine", b"uri\xffe", 1),
        "an overlong slash": plain.replace(b"urine", b"\xc0\xaf", 1),
        "single quotes": plain.replace(b'"', b"'"),
        "a comment": b"/* model */" + plain,
        "a trailing comma": plain[:-1] + b",}",
        "NaN": plain.replace(b'"version": 4', b'"version": NaN'),
        "Infinity": plain.replace(b'"version": 4', b'"version": -Infinity'),
        "a number of 100,000 digits": plain.replace(b'"version": 4', b'"version": ' + b"4" * 10**5),
        "lists in lists": b"[" * 10**5,
        "objects in objects": b'{"a":' * 10**5,
        "a closed nest": b"[" * 10**5 + b"]" * 10**5,
        "a nest of 3,000 in the evaluation": plain.replace(
            b'"evaluation": {', b'"evaluation": {"deep": ' + b"[" * 3000 + b"]" * 3000 + b", ", 1
        ),
        "a key twice, deep": plain.replace(b'"slope": ', b'"slope": 1.0, "slope": ', 1),
    }.items()


def retyped(document):
    """Yield models with each part of the open texts, evaluation and settings, of another type."""

    def nodes(value, path):
        items = value.items() if isinstance(value, dict) else enumerate(value[:1])
        for key, item in sorted(items):
            yield (*path, key)
            if isinstance(item, (dict, list)):
                yield from nodes(item, (*path, key))

    for part in ("evaluation", "settings"):
        for path in nodes(document["content"][part], ("content", part)):
            for new in (None, [], {}, "x", 7, -5.5, [1, 2], {"a": 1}):
                yield f"{path} = {new!r}", text(replaced(document, path, new))


def mutants(document):
    """Yield the name and the bytes of every file that must be refused."""
    for make in (damaged, heads, attacks, wrong_fields, wrong_boosters):
        for name, content in make(document):
            yield f"{make.__name__}: {name}", content


def flips(document, n, seed):
    """Yield models with a bit flipped in the content, and the hash of what came out of it."""
    rng = random.Random(seed)
    plain = canonical_json(document["content"])
    made = 0
    while made < n:
        bad = bytearray(plain)
        bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        try:
            content = json.loads(bad)
        except ValueError:
            continue
        made += 1
        yield f"flip {made}", text({**document, "content": content})
