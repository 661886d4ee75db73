// Ordinary programs with amqp091-go: declare, publish with confirms, consume, refuse, get, what is returned.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	connection, err := amqp.Dial(os.Getenv("AMQP_URL"))
	check(err)
	channel, err := connection.Channel()
	check(err)
	check(channel.Confirm(false))
	check(channel.ExchangeDeclare("clients.go", "topic", false, true, false, false, nil))
	queue, err := channel.QueueDeclare("", false, false, true, false, nil)
	check(err)
	check(channel.QueueBind(queue.Name, "orders.#", "clients.go", false, nil))

	context, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	returned := channel.NotifyReturn(make(chan amqp.Return, 1))
	confirms := channel.NotifyPublish(make(chan amqp.Confirmation, 100))
	check(channel.PublishWithContext(context, "clients.go", "nobody.listens", true, false, amqp.Publishing{Body: []byte("lost")}))
	if back := <-returned; back.ReplyCode != 312 {
		log.Fatal("returned with ", back.ReplyCode)
	}
	<-confirms
	for number := 0; number < 50; number++ {
		check(channel.PublishWithContext(context, "clients.go", "orders.new", false, false, amqp.Publishing{
			Body: []byte(fmt.Sprint(number)), DeliveryMode: amqp.Persistent, Headers: amqp.Table{"n": int32(number)},
		}))
	}
	for number := 0; number < 50; number++ {
		if confirm := <-confirms; !confirm.Ack {
			log.Fatal("not confirmed")
		}
	}

	first, there, err := channel.Get(queue.Name, false)
	check(err)
	if !there || string(first.Body) != "0" || first.Redelivered {
		log.Fatal("the first get")
	}
	check(first.Nack(false, true))

	check(channel.Qos(10, 0, false))
	deliveries, err := channel.Consume(queue.Name, "", false, false, false, false, nil)
	check(err)
	for number := 0; number < 50; number++ {
		delivery := <-deliveries
		if string(delivery.Body) != fmt.Sprint(number) || delivery.Redelivered != (number == 0) {
			log.Fatal("number ", number, " is ", string(delivery.Body), delivery.Redelivered)
		}
		check(delivery.Ack(false))
	}

	other, err := connection.Channel()
	check(err)
	if _, err := other.QueueDeclarePassive("clients.missing", false, false, false, false, nil); err == nil {
		log.Fatal("a missing queue was found")
	}
	check(channel.Close())
	check(connection.Close())
}
