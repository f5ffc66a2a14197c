"""Offerings that are no longer sold: rows for the catalogue, made by rule, always the same.

The product's own catalogue has too few features to show a customer with hundreds of them. These
take no new allocations any more, so that each page lists them only where they still hold credits.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.text import slugify

from credits.domain.catalogue_file import COLUMNS

FIRST_DAY = date(2024, 1, 1)


@dataclass(frozen=True)
class Service:
    """What is offered at each place of a family, and how much of it is usual."""

    name: str
    unit: str
    units: str
    model: str
    credits: str
    usual: int
    block: int = 1


@dataclass(frozen=True)
class Family:
    """Services that are priced for each place apart."""

    key: str
    name: str
    joint: str
    """What stands between a service and a place: "Web gateway, Oslo"."""
    places: tuple[str, ...]
    services: tuple[Service, ...]


@dataclass(frozen=True)
class Offering:
    """One feature: a service at one place."""

    family: Family
    service: Service
    place: str

    @property
    def name(self) -> str:
        """Web gateway, Oslo."""
        return f"{self.service.name}{self.family.joint}{self.place}"

    @property
    def key(self) -> str:
        """Its key, and that of its group, for each is priced alone."""
        return slugify(self.name)


REGIONAL = Family(
    "regional-services",
    "Regional Services",
    ", ",
    (
        "Nordics", "Baltics", "Benelux", "Iberia", "Alpine",
        "Adriatic", "British Isles", "Gulf", "Andes", "Pacific",
    ),
    (
        Service("Managed detection", "endpoint", "endpoints", "per_unit", "12", 40),
        Service("Threat hunting", "endpoint", "endpoints", "per_unit", "9", 40),
        Service("Log retention", "GB kept", "GB kept", "volume_pack", "400", 180, 100),
        Service("Incident response", "reserved hour", "reserved hours", "manual", "40", 12),
        Service("Phishing exercises", "user", "users", "per_user", "3", 120),
        Service("Awareness training", "user", "users", "per_user", "4", 120),
        Service("Compliance reports", "report a year", "reports a year", "per_unit", "150", 4),
        Service("Vulnerability scans", "asset", "assets", "per_unit", "6", 70),
        Service("Certificate watch", "certificate", "certificates", "per_unit", "2", 90),
        Service("Domain watch", "domain", "domains", "per_unit", "25", 12),
        Service("Backup protection", "server", "servers", "per_unit", "30", 16),
        Service("Mobile device care", "device", "devices", "per_unit", "5", 60),
        Service("Single sign-on", "user", "users", "per_user", "2", 120),
        Service("Privileged access", "user", "users", "per_user", "18", 25),
    ),
)  # fmt: skip

SITES = Family(
    "site-security",
    "Site Security",
    " for ",
    (
        "plants", "warehouses", "ports", "depots", "laboratories",
        "offices", "data centers", "stores", "clinics", "terminals",
    ),
    (
        Service("Asset inventory", "asset", "assets", "per_unit", "4", 110),
        Service("Network sensor", "Mbps", "Mbps", "throughput_block", "300", 250, 100),
        Service("Camera network watch", "camera", "cameras", "per_unit", "3", 80),
        Service("Badge reader watch", "reader", "readers", "per_unit", "2", 60),
        Service("Controller integrity", "controller", "controllers", "per_unit", "45", 10),
        Service("Remote maintenance", "user", "users", "per_user", "22", 18),
        Service("Removable media checks", "station", "stations", "per_unit", "35", 8),
        Service("Wireless watch", "access point", "access points", "per_unit", "7", 50),
        Service("Building control watch", "building", "buildings", "fixed_per_asset", "150", 3),
        Service(
            "Sample analysis",
            "reserved sample per day",
            "reserved samples per day",
            "daily_reserve",
            "40",
            10,
        ),
        Service("Patch shielding", "workstation", "workstations", "per_unit", "16", 35),
        Service("Event forwarding", "GB forwarded", "GB forwarded", "volume_pack", "120", 140, 50),
    ),
)  # fmt: skip

GATEWAYS = Family(
    "hosted-gateways",
    "Hosted Gateways",
    ", ",
    (
        "Oslo", "Tallinn", "Rotterdam", "Lisbon", "Zurich",
        "Trieste", "Dublin", "Dubai", "Lima", "Auckland",
    ),
    (
        Service("Web gateway", "Mbps", "Mbps", "throughput_block", "250", 220, 100),
        Service("Mail gateway", "mailbox", "mailboxes", "per_user", "6", 90),
        Service("File gateway", "GB checked", "GB checked", "volume_pack", "250", 170, 100),
        Service("Tunnel gateway", "user", "users", "per_user", "8", 60),
        Service("Name resolution", "user", "users", "per_user", "1.5", 150),
        Service("Interface gateway", "million calls", "million calls", "per_unit", "70", 6),
        Service("Mail archive", "TB kept", "TB kept", "volume_pack", "180", 3),
        Service("Message encryption", "mailbox", "mailboxes", "per_user", "3", 90),
        Service("Web isolation", "user", "users", "per_user", "14", 30),
        Service("Bot screening", "website", "websites", "fixed_per_asset", "160", 3),
        Service("Outbound address", "address", "addresses", "per_unit", "90", 5),
    ),
)  # fmt: skip

FAMILIES = (REGIONAL, SITES, GATEWAYS)


def offerings(family: Family) -> Iterator[Offering]:
    """Each service at each place."""
    return (
        Offering(family, service, place) for service in family.services for place in family.places
    )


def usual_units(family: Family, share: int = 100) -> dict[str, dict[str, int]]:
    """Units of every offering of a family by group, different from place to place (per cent)."""
    stated = {}
    for number, offering in enumerate(offerings(family)):
        units = offering.service.usual * (70 + number * 37 % 61) * share // 10_000
        stated[offering.key] = {offering.key: max(1, units)}
    return stated


def catalogue_lines(last_day: date) -> str:
    """The offerings as lines of a catalogue file, closed to new allocations after a day."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    for family in FAMILIES:
        for offering in offerings(family):
            service = offering.service
            writer.writerow(
                {
                    "solution": family.key,
                    "solution_name": family.name,
                    "group": offering.key,
                    "group_name": offering.name,
                    "feature": offering.key,
                    "feature_name": offering.name,
                    "unit": service.unit,
                    "unit_plural": service.units,
                    "model": service.model,
                    "credits": service.credits,
                    "block": service.block,
                    "payg": "no",
                    "valid_from": FIRST_DAY,
                    "valid_to": last_day,
                    "assumed": "no",
                    "source": "demonstration",
                    "note": "Made up for the demonstration.",
                }
            )
    return text.getvalue()
