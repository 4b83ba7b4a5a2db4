"""Requests to Python TensorFlow: a line of JSON each on stdin, answered by a line on stdout, after a line "ready".

Tensors travel as base64, so that no digit is lost.

{"do": "predict", "model": dir, "signature": name, "inputs": {name: tensor}} -> {name: tensor}
{"do": "save", "model": dir} -> {}: writes a SavedModel as a user of TensorFlow 2 would
{"do": "save_words", "model": dir, "words": path} -> {}: one with a vocabulary file, a table and 64-bit numbers
{"do": "save_effects", "model": dir} -> {}: signatures with and without effects
"""

import base64
import json
import sys

import numpy as np
import tensorflow as tf


def decode(tensor):
    if tensor["dtype"] == "string":
        flat = np.array([base64.b64decode(text) for text in tensor["data"]] + [None], dtype=object)[:-1]
    else:
        flat = np.frombuffer(base64.b64decode(tensor["data"]), dtype=tensor["dtype"])
    return tf.constant(flat.reshape(tensor["shape"]))


def encode(tensor):
    values = tensor.numpy()
    if tensor.dtype == tf.string:
        data = [base64.b64encode(text).decode() for text in np.asarray(values).reshape(-1).tolist()]
    else:
        data = base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
    return {"dtype": tensor.dtype.name, "shape": tensor.shape.as_list(), "data": data}


def predict(request):
    model = tf.saved_model.load(request["model"])
    inputs = {name: decode(tensor) for name, tensor in request["inputs"].items()}
    outputs = model.signatures[request["signature"]](**inputs)
    return {name: encode(tensor) for name, tensor in outputs.items()}


class Line(tf.Module):
    def __init__(self):
        super().__init__()
        self.slope = tf.Variable([[2.0], [3.0]], name="slope")
        self.offset = tf.Variable(1.0, name="offset")

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def __call__(self, x):
        return {"y": tf.matmul(x, self.slope) + self.offset}


class Words(tf.Module):
    def __init__(self, path):
        super().__init__()
        lines = tf.lookup.TextFileInitializer(
            path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        self.ids = tf.lookup.StaticVocabularyTable(lines, num_oov_buckets=1)
        self.counts = tf.lookup.experimental.MutableHashTable(tf.int64, tf.int64, default_value=-1)
        self.offset = tf.Variable(2**60, dtype=tf.int64, name="offset")

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="words"),
            tf.TensorSpec([None], tf.float64, name="weights"),
            tf.TensorSpec(None, tf.bool, name="any"),
        ]
    )
    def __call__(self, words, weights, any):
        ids = self.ids.lookup(words)
        return {
            "ids": ids + self.offset,
            "halves": weights / 2,
            "any": tf.logical_not(any),
            "known": tf.cast(ids < 3, tf.uint8),
            "counts": self.counts.lookup(ids),
        }


def save_words(request):
    words = Words(request["words"])
    tf.saved_model.save(words, request["model"], signatures=words.__call__)
    return {}


class Effects(tf.Module):
    def __init__(self):
        super().__init__()
        self.calls = tf.Variable(0.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def plain(self, x):
        return {"y": tf.nn.relu(x)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def count(self, x):
        if tf.reduce_sum(x) > 0:
            self.calls.assign_add(1.0)
        return {"y": x}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def noise(self, x):
        return {"y": x + tf.random.uniform(tf.shape(x))}


def save_effects(request):
    effects = Effects()
    signatures = {"plain": effects.plain, "count": effects.count, "noise": effects.noise}
    tf.saved_model.save(effects, request["model"], signatures=signatures)
    return {}


def save(request):
    line = Line()
    tf.saved_model.save(line, request["model"], signatures=line.__call__)
    return {}


print("ready", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    try:
        verbs = {"predict": predict, "save": save, "save_words": save_words, "save_effects": save_effects}
        answer = verbs[request["do"]](request)
    except Exception as failure:
        answer = {"failure": str(failure)}
    print(json.dumps(answer), flush=True)
