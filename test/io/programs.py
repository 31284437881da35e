"""Prints the words and vectors that gensim reads from files: JSON, one list for each."""

import json
import sys

from gensim.models import KeyedVectors

for path in sys.argv[1:]:
    binary = path.endswith(".bin")
    header = not path.endswith(".glove")
    vectors = KeyedVectors.load_word2vec_format(path, binary=binary, no_header=not header)
    print(json.dumps([[word, vectors[word].tolist()] for word in vectors.index_to_key]))
