// Step 12: many workers, and what belongs together stays in order.
package main

import (
	"fmt"
	"strconv"

	amqp "github.com/rabbitmq/amqp091-go"
)

// declareQueues: the exchange shares the accounts out over the queues; of a queue's workers one at a time is active.
func declareQueues(channel *amqp.Channel) {
	check(channel.ExchangeDeclare("accounts", "x-consistent-hash", true, false, false, false, nil))
	for _, queue := range []string{"accounts.1", "accounts.2"} {
		declareQueue(channel, queue, true, amqp.Table{"x-single-active-consumer": true})
		// The binding key is the queue's weight.
		check(channel.QueueBind(queue, "1", "accounts", false, nil))
	}
}

func emit(words []string, count int) {
	account := "ann"
	if len(words) > 0 {
		account, words = words[0], words[1:]
	}
	connection, channel := connect()
	defer connection.Close()
	declareQueues(channel)
	for _, message := range messages(words, count, "Hello World!") {
		publish(channel, "accounts", account, persistent(message))
		fmt.Printf(" [x] Sent '%s':'%s'\n", account, message)
	}
}

func work(words []string, _ int) {
	words, number, leaves := option(words, "--leave")
	last, err := strconv.Atoi(number)
	if len(words) != 1 || words[0] != "1" && words[0] != "2" || leaves && (err != nil || last < 1) {
		fail("Usage: order work 1|2 [--leave N]")
	}
	connection, channel := connect()
	defer connection.Close()
	declareQueues(channel)
	check(channel.Qos(1, 0, false))
	deliveries := must(channel.Consume("accounts."+words[0], "", false, false, false, false, nil))
	seen := 0
	err = each(deliveries, " [*] Waiting for messages. To exit press CTRL+C", func(message amqp.Delivery) error {
		again := ""
		if message.Redelivered {
			again = " again"
		}
		fmt.Printf(" [x] Received%s '%s':'%s'\n", again, message.RoutingKey, message.Body)
		seen++
		if seen == last {
			fmt.Println(" [!] Left before it was done")
			return errCrash
		}
		if err := message.Ack(false); err != nil {
			return err
		}
		fmt.Println(" [x] Done")
		return nil
	})
	if err != errCrash {
		check(err)
	}
}

func main() {
	run(role{"emit", "[ACCOUNT [MESSAGE]] [--count N]", emit}, role{"work", "QUEUE [--leave N]", work})
}
