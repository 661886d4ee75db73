// Step 2: tasks shared between workers, none lost when a worker dies.
package main

import (
	"bytes"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func newTask(words []string, count int) {
	connection, channel := connect()
	defer connection.Close()
	queue := declareQueue(channel, "task_queue", true, nil)
	for _, task := range messages(words, count, "Hello World!") {
		publish(channel, "", queue, persistent(task))
		fmt.Printf(" [x] Sent '%s'\n", task)
	}
}

func work([]string, int) {
	connection, channel := connect()
	defer connection.Close()
	queue := declareQueue(channel, "task_queue", true, nil)
	check(channel.Qos(1, 0, false))
	deliveries := must(channel.Consume(queue, "", false, false, false, false, nil))
	check(each(deliveries, " [*] Waiting for messages. To exit press CTRL+C", func(task amqp.Delivery) error {
		fmt.Printf(" [x] Received '%s'\n", task.Body)
		select {
		case <-time.After(time.Duration(bytes.Count(task.Body, []byte("."))) * time.Second):
		case <-interrupted.Done():
			return nil
		}
		fmt.Println(" [x] Done")
		return task.Ack(false)
	}))
}

func main() {
	run(role{"new-task", "[MESSAGE] [--count N]", newTask}, role{"work", "", work})
}
