// Step 1: one producer, one queue, one consumer.
package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

func send(words []string, count int) {
	connection, channel := connect()
	defer connection.Close()
	queue := declareQueue(channel, "hello", false, nil)
	for _, message := range messages(words, count, "Hello World!") {
		publish(channel, "", queue, amqp.Publishing{Body: []byte(message)})
		fmt.Printf(" [x] Sent '%s'\n", message)
	}
}

func receive([]string, int) {
	connection, channel := connect()
	defer connection.Close()
	queue := declareQueue(channel, "hello", false, nil)
	// The booleans: auto-ack, exclusive, no-local, no-wait.
	deliveries := must(channel.Consume(queue, "", true, false, false, false, nil))
	check(each(deliveries, " [*] Waiting for messages. To exit press CTRL+C", func(message amqp.Delivery) error {
		fmt.Printf(" [x] Received '%s'\n", message.Body)
		return nil
	}))
}

func main() {
	run(role{"send", "[MESSAGE] [--count N]", send}, role{"receive", "", receive})
}
