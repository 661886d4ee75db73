// Step 11: a message that stays when it has been read, for readers that come late.
package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// declareTicker: reading takes nothing out of a stream, so it needs another end: a week, or a gigabyte.
func declareTicker(channel *amqp.Channel) {
	declareQueue(channel, "ticker", true, amqp.Table{
		"x-queue-type": "stream", "x-max-age": "7D", "x-max-length-bytes": 1_000_000_000,
	})
}

var place = regexp.MustCompile(`^(first|last|next|\d+[smhD])$`)

func offset(word string) any {
	if place.MatchString(word) {
		return word
	}
	number, err := strconv.ParseInt(word, 10, 64)
	if err != nil || number < 0 {
		fail("'%s' names no place in a stream", word)
	}
	return number
}

func publishNews(words []string, count int) {
	connection, channel := connect()
	defer connection.Close()
	declareTicker(channel)
	publisher := newPublisher(channel)
	for _, item := range messages(words, count, "Hello World!") {
		check(publisher.publish("ticker", persistent(item)))
		fmt.Printf(" [x] Confirmed '%s'\n", item)
	}
}

func read(words []string, _ int) {
	word := "first"
	if len(words) > 0 {
		word = strings.Join(words, " ")
	}
	start := amqp.Table{"x-stream-offset": offset(word)}
	connection, channel := connect()
	defer connection.Close()
	declareTicker(channel)
	check(channel.Qos(5, 0, false))
	news := must(channel.Consume("ticker", "", false, false, false, false, start))
	check(each(news, " [*] Waiting for news. To exit press CTRL+C", func(item amqp.Delivery) error {
		fmt.Printf(" [x] %v: '%s'\n", item.Headers["x-stream-offset"], item.Body)
		return item.Ack(false)
	}))
}

func main() {
	run(role{"publish", "[MESSAGE] [--count N]", publishNews}, role{"read", "[OFFSET]", read})
}
