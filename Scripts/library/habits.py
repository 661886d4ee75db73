"""Habits of English that was thought in another language: how each is found, why it is odd, what to write instead.

A sentence reaches a habit with `X` in place of each piece of code, quotation and value, and with its full stop. Each habit
has sentences that it finds and sentences that it leaves alone; `Scripts/prose` tries them before it reads anything.
"""

import re
from dataclasses import dataclass, field

THINGS = r"(?:the|a|an|this|each|every|no|one|two|it|its|your|our|their|X)"
BE = r"(?:is|are|was|were|be|been|being)"
DONE = r"(?:\w{3,}ed|written|given|taken|made|sent|kept|held|read|put|cut|lost|found|said|seen|done|run|known|shown|drawn)"


@dataclass
class Habit:
    name: str
    pattern: str
    instead: str
    bad: list
    good: list
    # Only in files whose path matches.
    where: str = ""
    flags: int = 0
    matcher: re.Pattern = field(init=False)

    def __post_init__(self):
        self.matcher = re.compile(self.pattern, self.flags)

    def find(self, sentence, path=""):
        return self.matcher.search(sentence) if not self.where or re.search(self.where, path) else None


HABITS = [
    Habit(
        "a clause as the actor",
        r"(?:^|[.;:] )(?:[Ww]ho|[Ww]hoever)\b(?=[^?]*[.:]$)|\bwhoever\b|(?:^|[.] )(?:What|Whatever)(?! (?:follows|is|are|does|do|did)\b[^.]*\?)\b(?=[^?]*\.$)",
        "name the actor: 'If you…', 'A consumer that…', 'Messages that…'",
        ["Who gets nothing looks at its bindings.", "A task is safe; whoever dies loses nothing.", "What is lost is said line by line."],
        ["Who gets task 4?", "If you receive nothing, check your bindings.", "What you can now say"],
    ),
    Habit(
        "an old-fashioned adverb",
        r"\bfor ever\b(?!y)|\bin the midst of\b|\btimes of (?:two|three|four|five|ten)\b",
        "forever, in the middle of, three times out of three",
        ["It waits for ever.", "It dies in the midst of its work.", "That is wrong three times of three."],
        ["It waits forever.", "For every queue.", "That is wrong three times out of three."],
    ),
    Habit(
        "he or she for a program",
        r"\b(?:[Hh]e|[Ss]he|[Hh]is|[Hh]im|[Hh]ers?|[Hh]imself|[Hh]erself)\b",
        "it, its; a person is 'you'",
        ["A consumer acknowledges what he got."],
        ["A consumer acknowledges its messages."],
    ),
    Habit(
        "fit for match",
        rf"\b(?:patterns?|keys?|bindings?|conditions?|headers?|those|messages?|both|which|must|many|X) fits?\b(?! (?:a|one) (?:screen|line|page)\b)|\bfits? (?!(?:a|one) (?:screen|line|page)\b)(?:{THINGS} )?(?:\w+ )?(?:keys?|messages?|patterns?|bindings?|any|those|X)\b",
        "match",
        ["Which patterns fit the empty key?", "A message that fits no binding is dropped.", "All of them must fit."],
        ["The help fits a screen: X", "A name that fits into 255 bytes.", "Which patterns match?"],
    ),
    Habit(
        "a false friend",
        r"\b(?:called like|dear(?:er)?|fulfil\w*|had from|makes? no sense of|in vain|anew|thought about|passed? over|passes over)\b",
        "named after, expensive, met, obtained, for nothing, again, a thought exercise, ignored",
        ["Streams are dear.", "The queue called like the key.", "The answer is passed over."],
        ["Connections are expensive.", "The queue whose name is the key."],
    ),
    Habit(
        "otherwise for differently",
        r"\b(?:otherwise than|(?:do|does|did|done) otherwise|on record is|called otherwise|otherwise,? as)\b",
        "differs from, differently, baseline:",
        ["Three cases are otherwise than on record.", "What GarageMQ does otherwise is listed."],
        ["Otherwise the shell takes it.", "Three cases differ from the baseline."],
    ),
    Habit(
        "is to be",
        rf"\b{BE} to (?:be|go|come|have|do|wait|see|stay|run|write|read|happen)\b",
        "must, should, will; or an imperative",
        ["The third is to be thought about.", "Nobody is to wait for it."],
        ["The third is a thought exercise.", "It has to be there."],
    ),
    Habit(
        "so that, again and again",
        r"\bso that\b.*\bso that\b|, so that (?:you|it|they|we|nobody|a|the) (?:can|could|may)\b",
        "so, or two sentences",
        ["It waits, so that you can see it.", "It writes so that they read, so that we know."],
        ["It waits, so you can see it.", "The queue is durable so that it survives."],
    ),
    Habit(
        "the one, the other",
        r"\b[Tt]he one\b(?! (?:that|in|of|who|which|with|on|for|at|from|behind|place|thing|door|above|below))[^.]*\bthe other\b",
        "name each",
        ["The one asks, the other answers."],
        ["The client asks, the server answers.", "One waits; the other goes on."],
    ),
    Habit(
        "a comma before that",
        r"^(?!.*, (?:\w+ ){1,3}\w+, that).*, that (?!is[,:]|is (?:an?|the|too|why|most|not)\b|too|way|means|would|was all|leaves|same|one|takes)\w+ ",
        "no comma: the clause says which",
        ["It names the queue, that was declared.", "They see, that it works."],
        ["It names the queue that was declared.", "It ends, that is, it closes."],
    ),
    Habit(
        "also for even",
        r"(?<!\bnot only)(?<!\bis)(?<!\bare), also (?:when|if|for|by|after|in|into|without|none|no|those|where|what|on|from|to)\b|\balso none\b",
        "even, including, too",
        ["Any number of words, also none.", "It ends, also when it is killed."],
        ["Any number of words, including none.", "It ends even when it is killed."],
    ),
    Habit(
        "stands for is",
        r"\b(?:stand|stands|stood) (?:in|at|on|behind|beside|before|above|below|there|here|under|idle in)\b|\b(?:written|put|[Ww]rite|word|tab) behind\b",
        "is, is written, comes after",
        ["The reason stands behind a tab.", "What stands in the text it can't see.", "Write behind it what you type."],
        ["X stands for a word.", "The reason comes after a tab."],
    ),
    Habit(
        "for instead of because",
        r", for (?:it|the|this|that|they|what|nobody|every|each|its) (?:\w+ ){0,3}(?:is|are|was|were|may|can|could|might|has|have|does|did|would|will)\b(?! (?:\w+ )?to\b)",
        "because, or a sentence of its own",
        ["It declares all of them, for the broker may be another one.", "That waits, for nobody has read it."],
        ["It waits, for the last time, and ends.", "It declares them, because the broker may be another one."],
    ),
    Habit(
        "behind for after",
        r"\b(?:[Ee]nds?|[Ss]tops?|[Dd]ies|breaks off) behind\b|\blies in (?:such|it|one)\b",
        "after; is in",
        ["It ends behind this line.", "So it lies in such a queue."],
        ["It ends after this line.", "The message is behind another one."],
    ),
    Habit(
        "let for make",
        r"(?:^|[.:;] )[Ll]et (?!us|yourself|go|alone|them meet)(?:the|a|it|its|two|both|them|him|X)\b",
        "make it, or say what you do",
        ["Let the worker print it.", "Write it down: let it wait."],
        ["Make the worker print it.", "The exchange lets you choose."],
    ),
    Habit(
        "as if, and nothing more",
        r"\bas if[.,;]",
        "as if it did",
        ["The default exchange makes it look as if."],
        ["It looks as if it did."],
    ),
    Habit(
        "meanwhile at the end",
        r"\bmeanwhile[.;)]",
        "in the meantime, while it runs",
        ["It looks inside meanwhile."],
        ["Meanwhile, it looks inside.", "It looks inside while it runs."],
    ),
    Habit(
        "the verb before its subject",
        r"(?:^|[.;] )(?:Left out|Bound to|Here (?:rest|stand|lie|live)s?|Not there|Not (?:known|tried|used)|Beside (?:it|them) (?:is|are|stands?))\b[^.]*\b(?:are|is|was|were)?",
        "subject first",
        ["Left out are only the logs.", "Here rest the jobs.", "Bound to a topic exchange are two queues."],
        ["Only the logs are left out.", "The jobs that no worker retries end up here."],
    ),
    Habit(
        "that it is, at arm's length",
        r"\b(?:It is|It's|There is|There are) (?:nothing|nobody|no \w+) (?:that|who|which)\b|\bnone is left\b|\b(?:nobody|somebody|everybody|anybody|those|he|one) who\b",
        "say what there is, or name the program",
        ["There is nothing that reads it.", "For everybody who listens.", "It tells those who ask."],
        ["No program reads it.", "For every receiver."],
    ),
    Habit(
        "told, for a program",
        r"\b(?:nobody|somebody|anybody|what it|the time it|clients?) (?:is|was|are|were) told\b",
        "reports, learns, without an error",
        ["The message is dropped, and nobody is told."],
        ["The message is dropped without an error."],
    ),
    Habit(
        "passive upon passive",
        rf"(?:\b{BE} (?:not |then |also |still )?{DONE}\b.*){{4,}}",
        "say who does what; two sentences",
        ["It is made when it is asked for, is kept until it is read, and is sent."],
        ["The broker makes it, keeps it until it is read, and sends it."],
    ),
    Habit(
        "too long to say in a breath",
        r"^(?=(?:[^,;:]*[,;]){2})(?:\S+\s+){44,}",
        "two sentences",
        ["When " + "a b c, " * 16 + "it ends."],
        ["It ends.", "One two three, four."],
    ),
    Habit(
        "octet for readers",
        r"\b[Oo]ctets?\b",
        "byte",
        ["A key has 255 octets."],
        ["A key has 255 bytes."],
        where=r"^(?:README|Tutorials/|Sources/(?:TutorialKit|workbook|conformance|broker|WorkbookSite|ConformanceReport)/)",
    ),
    Habit(
        "a number without its noun's number",
        r"\b(?:COUNT) (?:points?|connections|clients|cases|messages|kinds|lines|pages|words) (?:are|have|were|did)?",
        "1 point, 2 points",
        ["All COUNT points are right."],
        ["X of COUNT checks passed."],
    ),
    Habit(
        "is no for is not a",
        r"(?<!there )(?<!There )\b(?:is|are|was) no (?!longer|more|less|better|other|one|way|need|reason|matter|such|use|error|queue|exchange|server|answer)\w+",
        "is not a",
        ["X is no release of RabbitMQ."],
        ["X is not a release.", "It is no longer needed."],
    ),
    Habit(
        "a double that",
        r"\bthat what\b|\bthat that\b|\bas far as to\b|\bthe more so\b|\bwhat there (?:is|was) to\b|\bso much that\b",
        "one clause",
        ["It says that what is there counts.", "It did not get as far as to be judged."],
        ["It says that the contents count."],
    ),
]


def self_test():
    """Complaints about habits that don't find their own bad sentence, or find a good one."""
    for habit in HABITS:
        where = "README.md"
        for sentence in habit.bad:
            if not habit.find(sentence, where):
                yield f"'{habit.name}' does not find: {sentence}"
        for sentence in habit.good:
            if habit.find(sentence, where):
                yield f"'{habit.name}' finds: {sentence}"
