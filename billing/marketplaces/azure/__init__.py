"""Azure Marketplace: its SaaS fulfillment API, version 2 (docs/marketplace-azure.md)."""
