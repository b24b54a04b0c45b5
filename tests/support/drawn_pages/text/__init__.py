"""What the drawn pages say: sentences, names, goods and sums of money, all chosen by a seeded generator.

A ``Tongue`` (tongue.py) holds a language's noun phrases, verbs and turns, ready for each place in a sentence;
english.py, german.py, french.py and spanish.py fill one each, and prose.py makes sentences and paragraphs of them.
names.py has people, streets, towns and firms, goods.py what is sold, money.py how each country writes amounts, and
numbers with their check digits.

Every word is an ordinary one of its language. Nothing here draws, and nothing is taken from elsewhere.
"""
