import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Ordinary programs with the Java client: confirms, returns, requeued messages, and who is served under a shared window. */
class JavaClient {
    record Delivery(String consumer, Envelope envelope, String body) {}

    static void check(boolean isSo, String otherwise) {
        if (!isSo) throw new AssertionError(otherwise);
    }

    /** A consumer that puts what it is given into a list. */
    static void consume(Channel channel, String queue, boolean noAck, String tag, BlockingQueue<Delivery> seen)
            throws IOException {
        channel.basicConsume(queue, noAck, tag, new DefaultConsumer(channel) {
            @Override
            public void handleDelivery(String tag, Envelope envelope, AMQP.BasicProperties properties, byte[] body) {
                seen.add(new Delivery(tag, envelope, new String(body)));
            }
        });
    }

    static Delivery next(BlockingQueue<Delivery> seen) throws InterruptedException {
        Delivery delivery = seen.poll(20, TimeUnit.SECONDS);
        check(delivery != null, "no delivery came within 20 s");
        return delivery;
    }

    static String filled(Channel channel, int count) throws Exception {
        String queue = channel.queueDeclare().getQueue();
        for (int number = 0; number < count; number++) {
            channel.basicPublish("", queue, MessageProperties.TEXT_PLAIN, Integer.toString(number).getBytes());
        }
        channel.waitForConfirmsOrDie(20_000);
        return queue;
    }

    static void ordinary(Connection connection) throws Exception {
        Channel channel = connection.createChannel();
        channel.confirmSelect();
        BlockingQueue<String> returned = new LinkedBlockingQueue<>();
        channel.addReturnListener((code, text, exchange, key, properties, body) -> returned.add(code + " " + text));
        channel.basicPublish("", "clients.java.missing", true, MessageProperties.TEXT_PLAIN, "lost".getBytes());
        channel.waitForConfirmsOrDie(20_000);
        check("312 NO_ROUTE".equals(returned.poll(20, TimeUnit.SECONDS)), "the unroutable message was not returned");

        String queue = filled(channel, 2);
        GetResponse first = channel.basicGet(queue, false);
        check(!first.getEnvelope().isRedeliver() && first.getMessageCount() == 1, "the first get: " + first);
        channel.basicNack(first.getEnvelope().getDeliveryTag(), false, true);
        GetResponse again = channel.basicGet(queue, true);
        check(again.getEnvelope().isRedeliver() && new String(again.getBody()).equals("0"), "it came back as " + again);
        channel.close();
    }

    /** Three queues, a window of one for the whole channel: each of them has its turn. */
    static void queuesTakeTurns(Connection connection) throws Exception {
        Channel channel = connection.createChannel();
        channel.confirmSelect();
        String[] queues = {filled(channel, 100), filled(channel, 100), filled(channel, 100)};
        channel.basicQos(1, true);
        BlockingQueue<Delivery> seen = new LinkedBlockingQueue<>();
        for (String queue : queues) consume(channel, queue, false, "of " + queue, seen);
        Map<String, Integer> counts = new TreeMap<>();
        for (int count = 0; count < 99; count++) {
            Delivery delivery = next(seen);
            counts.merge(delivery.consumer, 1, Integer::sum);
            channel.basicAck(delivery.envelope.getDeliveryTag(), false);
        }
        check(counts.size() == 3 && counts.values().stream().allMatch(count -> count >= 20),
            "of 99 deliveries the queues had " + counts.values());
        channel.close();
    }

    /** Two consumers of one queue under a shared window of one: the messages are shared evenly. */
    static void consumersTakeTurns(Connection connection) throws Exception {
        Channel channel = connection.createChannel();
        channel.confirmSelect();
        String queue = filled(channel, 10);
        channel.basicQos(1, true);
        BlockingQueue<Delivery> seen = new LinkedBlockingQueue<>();
        consume(channel, queue, false, "one", seen);
        consume(channel, queue, false, "two", seen);
        Map<String, Integer> counts = new TreeMap<>();
        for (int count = 0; count < 10; count++) {
            Delivery delivery = next(seen);
            check(delivery.body.equals(Integer.toString(count)), delivery.body + " came as number " + count);
            counts.merge(delivery.consumer, 1, Integer::sum);
            channel.basicAck(delivery.envelope.getDeliveryTag(), false);
        }
        check(counts.size() == 2 && counts.values().stream().allMatch(count -> count >= 4),
            "of 10 deliveries the consumers had " + counts);
        channel.close();
    }

    /** While the shared window is full, a consumer that acknowledges nothing waits as well. */
    static void noAckWaitsToo(Connection connection) throws Exception {
        Channel channel = connection.createChannel();
        channel.confirmSelect();
        String held = filled(channel, 1);
        String other = channel.queueDeclare().getQueue();
        channel.basicQos(1, true);
        BlockingQueue<Delivery> seen = new LinkedBlockingQueue<>();
        consume(channel, held, false, "holds", seen);
        Delivery first = next(seen);
        consume(channel, other, true, "takes", seen);
        channel.basicPublish("", other, MessageProperties.TEXT_PLAIN, "waits".getBytes());
        channel.waitForConfirmsOrDie(20_000);
        check(channel.queueDeclarePassive(other).getMessageCount() == 1, "it was handed over beside a full window");
        channel.basicAck(first.envelope.getDeliveryTag(), false);
        check(next(seen).consumer.equals("takes"), "it was not handed over once the window was free");
        channel.close();
    }

    public static void main(String[] arguments) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        // The Java client reads a single slash at the end as the virtual host "".
        factory.setUri(System.getenv("AMQP_URL").replaceAll("/$", ""));
        try (Connection connection = factory.newConnection()) {
            ordinary(connection);
            queuesTakeTurns(connection);
            consumersTakeTurns(connection);
            noAckWaitsToo(connection);
        }
    }
}
