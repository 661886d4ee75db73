// Step 6: a question out, its answer back.
package main

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func fib(n int) int64 {
	current, next := int64(0), int64(1)
	for ; n > 0; n-- {
		// In the last step for 92, next is a number too far, and not used.
		current, next = next, current+next
	}
	return current
}

// What a bad question gets is an answer too: its sender waits for one, and the queue behind it as well.
func answer(question string) string {
	n, err := strconv.Atoi(question)
	if err != nil {
		return fmt.Sprintf("error: '%s' is not a whole number", question)
	}
	if n < 0 || n > 92 {
		return fmt.Sprintf("error: fib(%d) is outside of 0...92", n)
	}
	return strconv.FormatInt(fib(n), 10)
}

func serve([]string, int) {
	connection, channel := connect()
	defer connection.Close()
	queue := declareQueue(channel, "rpc_queue", false, nil)
	check(channel.Qos(1, 0, false))
	questions := must(channel.Consume(queue, "", false, false, false, false, nil))
	check(each(questions, " [x] Awaiting RPC requests", func(question amqp.Delivery) error {
		fmt.Printf(" [.] fib(%s)\n", question.Body)
		if question.ReplyTo == "" {
			fmt.Println(" [!] No reply-to: nobody to answer")
		} else {
			publish(channel, "", question.ReplyTo, amqp.Publishing{
				CorrelationId: question.CorrelationId, Body: []byte(answer(string(question.Body))),
			})
		}
		return question.Ack(false)
	}))
}

func ask(question string, timeout time.Duration) (answer string, isThere bool) {
	connection, channel := connect()
	defer connection.Close()
	replies := declareQueue(channel, "", false, nil)
	answers := must(channel.Consume(replies, "", true, false, false, false, nil))
	id := fmt.Sprintf("%x", must(randomBytes(16)))
	fmt.Printf(" [x] Requesting fib(%s)\n", question)
	publish(channel, "", "rpc_queue", amqp.Publishing{ReplyTo: replies, CorrelationId: id, Body: []byte(question)})
	limit := time.After(timeout)
	for {
		select {
		case message, open := <-answers:
			if !open {
				check(errLost)
			}
			if message.CorrelationId == id {
				return string(message.Body), true
			}
		case <-limit:
			return "", false
		case <-interrupted.Done():
			return "", false
		}
	}
}

func randomBytes(count int) ([]byte, error) {
	bytes := make([]byte, count)
	_, err := rand.Read(bytes)
	return bytes, err
}

func call(words []string, _ int) {
	seconds := 10
	if rest, value, isThere := option(words, "--timeout"); isThere {
		var err error
		if seconds, err = strconv.Atoi(value); err != nil {
			fail("--timeout takes a number of seconds.")
		}
		words = rest
	}
	question := "30"
	if len(words) > 0 {
		question = strings.Join(words, " ")
	}
	answer, isThere := ask(question, time.Duration(seconds)*time.Second)
	if !isThere && interrupted.Err() != nil {
		return
	}
	if !isThere {
		fail("No answer within %d seconds: is a server running?  rpc serve", seconds)
	}
	fmt.Printf(" [.] Got %s\n", answer)
	if strings.HasPrefix(answer, "error: ") {
		fail("fib(%s) has no result. Ask for a whole number from 0 to 92, for example 'rpc call 30'.", question)
	}
}

func main() {
	run(role{"serve", "", serve}, role{"call", "[N] [--timeout S]", call})
}
