import asyncio


async def load(row):
    await asyncio.sleep(0)
    raise ValueError(f"bad row {row}")


async def main():
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(load(1))
        tasks.create_task(load(2))


asyncio.run(main())
