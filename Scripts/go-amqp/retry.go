// Step 9: what fails is tried again, later, and not forever.
package main

import (
	"bytes"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// declareQueues: what is rejected from `jobs` waits in `jobs.retry` for a second, and comes back.
func declareQueues(channel *amqp.Channel) {
	declareQueue(channel, "jobs", true, amqp.Table{
		"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry",
	})
	declareQueue(channel, "jobs.retry", true, amqp.Table{
		"x-message-ttl": 1000, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs",
	})
	declareQueue(channel, "jobs.dead", true, nil)
}

func rejections(job amqp.Delivery) int64 {
	deaths, _ := job.Headers["x-death"].([]any)
	for _, death := range deaths {
		if death, isTable := death.(amqp.Table); isTable && death["queue"] == "jobs" && death["reason"] == "rejected" {
			count, _ := death["count"].(int64)
			return count
		}
	}
	return 0
}

func newTask(words []string, count int) {
	connection, channel := connect()
	defer connection.Close()
	declareQueues(channel)
	for _, job := range messages(words, count, "Hello World") {
		publish(channel, "", "jobs", persistent(job))
		fmt.Printf(" [x] Sent '%s'\n", job)
	}
}

// parked is the job as it was, with what somebody who looks at it needs to know.
func parked(job amqp.Delivery, attempts int64, reason string) amqp.Publishing {
	headers := amqp.Table{"attempts": attempts, "reason": reason}
	for name, value := range job.Headers {
		if _, isThere := headers[name]; !isThere {
			headers[name] = value
		}
	}
	return amqp.Publishing{
		Headers: headers, Body: job.Body, DeliveryMode: amqp.Persistent, ContentType: job.ContentType,
		ContentEncoding: job.ContentEncoding, Priority: job.Priority, CorrelationId: job.CorrelationId,
		ReplyTo: job.ReplyTo, MessageId: job.MessageId, Timestamp: job.Timestamp, Type: job.Type, AppId: job.AppId,
	}
}

func work([]string, int) {
	connection, channel := connect()
	defer connection.Close()
	declareQueues(channel)
	check(channel.Qos(1, 0, false))
	publisher := newPublisher(channel)
	jobs := must(channel.Consume("jobs", "", false, false, false, false, nil))
	check(each(jobs, " [*] Waiting for jobs. To exit press CTRL+C", func(job amqp.Delivery) error {
		attempt := rejections(job) + 1
		fmt.Printf(" [x] Received '%s'\n", job.Body)
		if !bytes.Contains(job.Body, []byte("!")) {
			fmt.Println(" [x] Done")
			return job.Ack(false)
		}
		if attempt < 3 {
			fmt.Printf(" [!] Attempt %d failed\n", attempt)
			return job.Reject(false)
		}
		if err := publisher.publish("jobs.dead", parked(job, attempt, "there is a '!' in it")); err != nil {
			return err
		}
		fmt.Printf(" [!] Attempt %d failed: parked\n", attempt)
		return job.Ack(false)
	}))
}

func dead([]string, int) {
	connection, channel := connect()
	defer connection.Close()
	declareQueues(channel)
	jobs := must(channel.Consume("jobs.dead", "", false, false, false, false, nil))
	check(each(jobs, " [*] Waiting for dead jobs. To exit press CTRL+C", func(job amqp.Delivery) error {
		attempts, reason := job.Headers["attempts"], job.Headers["reason"]
		if attempts == nil {
			attempts = 0
		}
		if reason == nil {
			reason = "nobody says why"
		}
		fmt.Printf(" [x] Dead after %v attempts: '%s' (%v)\n", attempts, job.Body, reason)
		return job.Ack(false)
	}))
}

func main() {
	run(role{"new-task", "[MESSAGE] [--count N]", newTask}, role{"work", "", work}, role{"dead", "", dead})
}
