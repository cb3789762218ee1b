"""Prints reference/bleu.txt: what sacrebleu says of 1,000 pairs of sentences, alone and in corpora of 50.

    python bleu_reference.py > reference/bleu.txt

The sentences are made up here and in bleu.rs by the same formulas, from words and marks that tokenizers disagree about.
"""

import sacrebleu
from sacrebleu.metrics import BLEU

WORDS = (
    "a the cat dog sat saw on in house 3 1,000 2.5 2-3 x-ray isn't O'Neill's said: (once) \"no\" U.S. e.g. so... ..5 5.. end. "
    "wait, well,then &amp; &lt;b&gt; 50% $4 €5 naïve co-op - -- 7- a/b [c] {d} <skipped> été, l'été 1.2.3 ,5 5, ?! a_b # @"
).split()


class Draw:
    """A linear congruential generator."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 1103515245 + 12345) % 2**31
        return self.state // 65536 % n


def pair(i):
    """A sentence of up to 12 words, and one in which some are left out, doubled or other ones."""
    draw = Draw(i + 1)
    expected = [WORDS[draw.below(len(WORDS))] for _ in range(1 + draw.below(12))]
    found = []
    for word in expected:
        match draw.below(8):
            case 0:
                pass
            case 1:
                found += [word, word]
            case 2:
                found.append(WORDS[draw.below(len(WORDS))])
            case _:
                found.append(word)
    return " ".join(found), " ".join(expected)


bleu = BLEU()
print("# sacrebleu", sacrebleu.__version__)
pairs = [pair(i) for i in range(1000)]
alone = [bleu.corpus_score([found], [[expected]]) for found, expected in pairs]
print("# ", bleu.get_signature())
print("case alone")
print("score", *(repr(score.score) for score in alone))
print("case together")
for begin in range(0, 1000, 50):
    found, expected = zip(*pairs[begin : begin + 50])
    score = bleu.corpus_score(list(found), [list(expected)])
    print("corpus", repr(score.score), repr(score.bp), *(repr(p) for p in score.precisions))
