// Step 7: the producer knows of each message whether the broker has it.
package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

func publishOrders(words []string, count int) {
	connection, channel := connect()
	defer connection.Close()
	publisher := newPublisher(channel)
	refused := 0
	for _, order := range messages(words, count, "Hello World!") {
		fmt.Printf(" [x] Sent '%s'\n", order)
		switch err := publisher.publish("orders", persistent(order)); err {
		case nil:
			fmt.Printf(" [x] Confirmed '%s'\n", order)
		case errReturned:
			fmt.Printf(" [!] Returned '%s'\n", order)
			refused++
		case errRefused:
			fmt.Printf(" [!] Refused '%s'\n", order)
			refused++
		default:
			check(err)
		}
	}
	if refused > 0 {
		connection.Close()
		fail("The broker did not take: %d. Returned: there is no queue named 'orders'; 'confirms receive' declares it. "+
			"Refused: that queue is full.", refused)
	}
}

func receive([]string, int) {
	connection, channel := connect()
	defer connection.Close()
	queue := declareQueue(channel, "orders", true, nil)
	check(channel.Qos(50, 0, false))
	orders := must(channel.Consume(queue, "", false, false, false, false, nil))
	check(each(orders, " [*] Waiting for orders. To exit press CTRL+C", func(order amqp.Delivery) error {
		fmt.Printf(" [x] Received '%s'\n", order.Body)
		return order.Ack(false)
	}))
}

func main() {
	run(role{"publish", "[MESSAGE] [--count N]", publishOrders}, role{"receive", "", receive})
}
