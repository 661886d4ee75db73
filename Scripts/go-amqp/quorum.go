// Step 10: brokers die, and workers. Confirmed messages survive, and a message that kills every worker is put aside.
package main

import (
	"bytes"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// declareQueues: a payment that comes back for the third time dies, and goes to `payments.dead`.
func declareQueues(channel *amqp.Channel) error {
	_, err := channel.QueueDeclare("payments", true, false, false, false, amqp.Table{
		"x-queue-type": "quorum", "x-delivery-limit": 2,
		"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "payments.dead",
	})
	if err == nil {
		_, err = channel.QueueDeclare("payments.dead", true, false, false, false, amqp.Table{"x-queue-type": "quorum"})
	}
	return err
}

func newTask(words []string, count int) {
	connection, channel := connect()
	defer connection.Close()
	check(declareQueues(channel))
	publisher := newPublisher(channel)
	for _, payment := range messages(words, count, "Hello World") {
		check(publisher.publish("payments", persistent(payment)))
		fmt.Printf(" [x] Confirmed '%s'\n", payment)
	}
}

func pay(payment amqp.Delivery) error {
	failures, _ := payment.Headers["x-delivery-count"].(int64)
	suffix := ""
	if failures > 0 {
		suffix = fmt.Sprintf(" (failures: %d)", failures)
	}
	fmt.Printf(" [x] Received '%s'%s\n", payment.Body, suffix)
	if bytes.Contains(payment.Body, []byte("!")) {
		fmt.Println(" [!] Crashed")
		return errCrash
	}
	fmt.Println(" [x] Paid")
	return payment.Ack(false)
}

func consume(channel *amqp.Channel, queue, waiting string, handle func(amqp.Delivery) error) error {
	if err := declareQueues(channel); err != nil {
		return err
	}
	if err := channel.Qos(1, 0, false); err != nil {
		return err
	}
	payments, err := channel.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	return each(payments, waiting, handle)
}

func work([]string, int) {
	stayConnected(func(channel *amqp.Channel) error {
		return consume(channel, "payments", " [*] Waiting for payments. To exit press CTRL+C", pay)
	})
}

func dead([]string, int) {
	stayConnected(func(channel *amqp.Channel) error {
		waiting := " [*] Waiting for dead payments. To exit press CTRL+C"
		return consume(channel, "payments.dead", waiting, func(payment amqp.Delivery) error {
			reason := payment.Headers["x-first-death-reason"]
			if reason == nil {
				reason = "nobody says why"
			}
			fmt.Printf(" [x] Dead: '%s' (%v)\n", payment.Body, reason)
			return payment.Ack(false)
		})
	})
}

func main() {
	run(role{"new-task", "[MESSAGE] [--count N]", newTask}, role{"work", "", work}, role{"dead", "", dead})
}
