import asyncio


async def load():
    raise ValueError("in a task")


async def main():
    task = asyncio.create_task(load())
    await asyncio.sleep(0.01)
    del task
    raise RuntimeError("the real one")


asyncio.run(main())
