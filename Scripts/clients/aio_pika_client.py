"""Ordinary programs with aio-pika: publish with confirms, consume, reject, and its RPC pattern."""
import asyncio
import os

import aio_pika
from aio_pika.patterns import RPC


async def multiply(*, x, y):
    return x * y


async def main():
    connection = await aio_pika.connect_robust(os.environ["AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=10)
        logs = await channel.declare_exchange("clients.aio", aio_pika.ExchangeType.FANOUT, auto_delete=True)
        queues = [await channel.declare_queue(exclusive=True) for _ in range(2)]
        for queue in queues:
            await queue.bind(logs)
        for number in range(50):
            message = aio_pika.Message(
                str(number).encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT, headers={"number": number})
            await logs.publish(message, routing_key="ignored")
        for queue in queues:
            seen = []
            refused = False
            async with queue.iterator(timeout=10) as messages:
                async for message in messages:
                    if not refused:
                        refused = True
                        await message.reject(requeue=True)
                        continue
                    seen.append((int(message.body), message.headers["number"]))
                    await message.ack()
                    if len(seen) == 50:
                        break
            assert sorted(seen) == [(number, number) for number in range(50)], seen

        rpc = await RPC.create(channel)
        await rpc.register("multiply", multiply, auto_delete=True)
        answers = await asyncio.gather(*(rpc.proxy.multiply(x=number, y=2) for number in range(100)))
        assert answers == [number * 2 for number in range(100)], answers


asyncio.run(main())
