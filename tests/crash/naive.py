"""How it is usually done: check, send, mark, and try again on any error. Kept to show that the
harness bites: in front of the same twin and the same kills this texts people twice."""

from __future__ import annotations

import asyncio
import sqlite3

import aiohttp
from patience import PATIENCE


def prepare(path: str, numbers: list[str]) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE people (number TEXT PRIMARY KEY, sent INTEGER DEFAULT 0)")
        database.executemany("INSERT INTO people (number) VALUES (?)", [(n,) for n in numbers])


def waiting(path: str) -> list[str]:
    database = sqlite3.connect(path, timeout=PATIENCE)
    try:
        return [r[0] for r in database.execute("SELECT number FROM people WHERE sent = 0 LIMIT 16")]
    finally:
        database.close()


async def send(session: aiohttp.ClientSession, url: str, path: str, number: str) -> None:
    payload = {"ApiKey": "drill-api_key", "Phone": number, "Content": "x", "SmsType": "2"}
    while True:
        try:
            async with session.post(url, json=payload) as answer:
                found = await answer.json()
                if found.get("CodeResult"):
                    break
        except (aiohttp.ClientError, TimeoutError, ValueError):
            await asyncio.sleep(0.02)
    with sqlite3.connect(path, timeout=PATIENCE) as database:
        database.execute("UPDATE people SET sent = 1 WHERE number = ?", (number,))


async def main(url: str, path: str) -> None:
    timeout = aiohttp.ClientTimeout(total=2)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while numbers := waiting(path):
            await asyncio.gather(*(send(session, url, path, n) for n in numbers))


def work(url: str, path: str) -> None:
    asyncio.run(main(url, path))
