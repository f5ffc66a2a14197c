"""The estimator: its questionnaire, and what people without an account may do."""

from config import env

# The questionnaire of the calculator: a file in place of the one that comes with it
# (docs/rules.md#questionnaire).

ESTIMATE_QUESTIONS = env.text("ESTIMATE_QUESTIONS", "")

# Whether people without an account may browse the catalogue and compute. Nothing of it is stored;
# requests are counted by address, as a person types and as a script would (docs/rules.md#visitors).

ANONYMOUS_ESTIMATES = env.flag("ANONYMOUS_ESTIMATES", default=False)
VISITOR_PAGE = "estimator:visitor-estimate"
VISITOR_REQUESTS_A_MINUTE = env.integer(
    "VISITOR_REQUESTS_A_MINUTE", 120, minimum=1, maximum=100_000
)
VISITOR_REQUESTS_AN_HOUR = env.integer(
    "VISITOR_REQUESTS_AN_HOUR", 1_200, minimum=1, maximum=1_000_000
)

# Fields of one form: an estimate of 400 lines sends four a line, and some a line's accounts.

DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
