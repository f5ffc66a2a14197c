"""The marketplaces that this installation sells on."""

from config import env

# The marketplaces that this installation sells on: for each a dotted name of what makes it, which
# gives None where it is not configured (billing.domain.marketplaces.providers).

MARKETPLACES: dict[str, str] = {
    "aws": "billing.marketplaces.aws.configured",
    "azure": "billing.marketplaces.azure.provider.configured",
}

# AWS Marketplace (docs/marketplace-aws.md): the product codes that are sold, the region of its
# services, the seller's accounts whose events are taken (none named: of whoever has the key), the
# queue of events, and the keys by which events may be posted: the one in use, and while it is
# rotated the one before. Credentials are boto3's own affair.

AWS_MARKETPLACE_PRODUCTS = env.words_like(
    "AWS_MARKETPLACE_PRODUCTS", "[A-Za-z0-9/=:_.@-]{1,200}", "product codes, written with commas"
)
AWS_MARKETPLACE_REGION = env.text("AWS_MARKETPLACE_REGION", "us-east-1")
AWS_MARKETPLACE_ACCOUNTS = env.words_like(
    "AWS_MARKETPLACE_ACCOUNTS", "[0-9]{12}", "account ids of 12 digits, written with commas"
)
AWS_MARKETPLACE_QUEUE_URL = env.away_or_here("AWS_MARKETPLACE_QUEUE_URL")
AWS_MARKETPLACE_EVENT_SECRETS = [
    env.secret_if_given("AWS_MARKETPLACE_EVENT_SECRET", at_least=32),
    env.secret_if_given("AWS_MARKETPLACE_EVENT_SECRET_BEFORE", at_least=32),
]
# A stand-in on this machine instead of AWS; production refuses it.
AWS_MARKETPLACE_ENDPOINT = env.on_this_machine("AWS_MARKETPLACE_ENDPOINT")

# Azure Marketplace (docs/marketplace-azure.md): the directory and the application that the offers
# name in their technical configuration, and its secret. All three, or none.

AZURE_MARKETPLACE_TENANT = env.guid("AZURE_MARKETPLACE_TENANT", "")
AZURE_MARKETPLACE_CLIENT_ID = env.guid("AZURE_MARKETPLACE_CLIENT_ID", "")
AZURE_MARKETPLACE_CLIENT_SECRET = env.secret_if_given("AZURE_MARKETPLACE_CLIENT_SECRET")
env.together(
    AZURE_MARKETPLACE_TENANT=AZURE_MARKETPLACE_TENANT,
    AZURE_MARKETPLACE_CLIENT_ID=AZURE_MARKETPLACE_CLIENT_ID,
    AZURE_MARKETPLACE_CLIENT_SECRET=AZURE_MARKETPLACE_CLIENT_SECRET,
)
# The marketplace's own application: what tokens are asked for, and who calls the webhook.
AZURE_MARKETPLACE_CALLER = env.guid(
    "AZURE_MARKETPLACE_CALLER", "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
)
# Where it is reached. No variable moves these, and nothing but them and a stand-in on this machine
# is ever asked.
AZURE_MARKETPLACE_LOGIN = "https://login.microsoftonline.com"
AZURE_MARKETPLACE_API = "https://marketplaceapi.microsoft.com"
