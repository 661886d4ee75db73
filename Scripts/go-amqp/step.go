// Shared by the steps: the connection, the way out, the words on the command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Done with Ctrl-C, which is the normal way out.
var interrupted, _ = signal.NotifyContext(context.Background(), os.Interrupt)

var errLost = errors.New("the connection is lost, or the queue gone")

// errCrash ends a role in the middle of its work, as a bug would.
var errCrash = errors.New("crash")

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

// check ends the program when something went wrong.
func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func dial() (*amqp.Connection, error) {
	address := os.Getenv("AMQP_URL")
	if address == "" {
		address = "amqp://guest:guest@localhost:5672/"
	}
	connection, err := amqp.Dial(address)
	var unreachable *net.OpError
	if errors.As(err, &unreachable) {
		err = fmt.Errorf("No broker answers at %s: start one with  swift run broker  or name one in AMQP_URL.", address)
	}
	return connection, err
}

func connect() (*amqp.Connection, *amqp.Channel) {
	connection := must(dial())
	return connection, must(connection.Channel())
}

// declareQueue declares a queue; without a name, one of this connection's own, which the broker names.
func declareQueue(channel *amqp.Channel, name string, durable bool, arguments amqp.Table) string {
	queue, err := channel.QueueDeclare(name, durable, false, name == "", false, arguments)
	check(err)
	return queue.Name
}

func publish(channel *amqp.Channel, exchange, key string, message amqp.Publishing) {
	check(channel.PublishWithContext(context.Background(), exchange, key, false, false, message))
}

func persistent(body string) amqp.Publishing {
	return amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(body)}
}

// A publisher waits for the broker's answer to each message.
type publisher struct {
	channel  *amqp.Channel
	returned chan amqp.Return
}

func newPublisher(channel *amqp.Channel) publisher {
	check(channel.Confirm(false))
	return publisher{channel, channel.NotifyReturn(make(chan amqp.Return, 1))}
}

var (
	errReturned = errors.New("no queue takes the message")
	errRefused  = errors.New("the broker refused the message")
)

func (p publisher) publish(queue string, message amqp.Publishing) error {
	confirm, err := p.channel.PublishWithDeferredConfirmWithContext(context.Background(), "", queue, true, false, message)
	if err != nil {
		return err
	}
	taken := confirm.Wait()
	select {
	// What comes back does so before it is confirmed, as it is in the end.
	case _, open := <-p.returned:
		if open {
			return errReturned
		}
	default:
	}
	if !taken && p.channel.IsClosed() {
		return errLost
	}
	if !taken {
		return errRefused
	}
	return nil
}

// each says that it waits, and handles messages until Ctrl-C.
func each(messages <-chan amqp.Delivery, waiting string, handle func(amqp.Delivery) error) error {
	fmt.Println(waiting)
	for {
		select {
		case <-interrupted.Done():
			return nil
		case message, open := <-messages:
			if !open {
				return errLost
			}
			if err := handle(message); err != nil {
				return err
			}
		}
	}
}

// stayConnected runs a role that comes back: after each crash, and each loss of its connection, it runs again.
func stayConnected(role func(*amqp.Channel) error) {
	connection, err := dial()
	check(err)
	for interrupted.Err() == nil {
		if err == nil {
			var channel *amqp.Channel
			if channel, err = connection.Channel(); err == nil {
				err = role(channel)
			}
			connection.Close()
		}
		// What the broker has refused once it refuses the next time too.
		if refusal, isOne := err.(*amqp.Error); isOne && refusal.Server && refusal.Recover {
			check(err)
		}
		if err != nil && err != errCrash {
			time.Sleep(500 * time.Millisecond)
		}
		if interrupted.Err() == nil {
			connection, err = dial()
		}
	}
}

// messages makes one message of the words; with a count, so many with their numbers in front.
func messages(words []string, count int, standard string) []string {
	message := standard
	if len(words) > 0 {
		message = strings.Join(words, " ")
	}
	if count < 0 {
		return []string{message}
	}
	numbered := []string{}
	for number := 0; number < count; number++ {
		numbered = append(numbered, fmt.Sprintf("%d %s", number, message))
	}
	return numbered
}

// option takes `NAME VALUE` out of the words.
func option(words []string, name string) (rest []string, value string, isThere bool) {
	for at, word := range words {
		if word == name {
			rest = append(rest, words[:at]...)
			if at+1 < len(words) {
				return append(rest, words[at+2:]...), words[at+1], true
			}
			return rest, "", true
		}
	}
	return words, "", false
}

type role struct {
	name, takes string
	play        func(words []string, count int)
}

var needsSome = regexp.MustCompile(`^[^\[]`)

// run plays the role that the first word names, with the words behind it; `--count N` may be among them.
func run(roles ...role) {
	program := filepath.Base(os.Args[0])
	usages := []string{}
	for _, role := range roles {
		usages = append(usages, strings.TrimSpace(role.name+" "+role.takes))
	}
	usage := "Usage: " + program + " " + strings.Join(usages, " | ")
	for _, role := range roles {
		if len(os.Args) < 2 || os.Args[1] != role.name {
			continue
		}
		words, number, isCounted := option(os.Args[2:], "--count")
		count := -1
		if isCounted {
			var err error
			if count, err = strconv.Atoi(number); err != nil || count < 0 {
				fail("--count takes a number, not '%s'.\n%s", number, usage)
			}
		}
		if role.takes == "" && (isCounted || len(words) > 0) || needsSome.MatchString(role.takes) && len(words) == 0 {
			fail("%s", usage)
		}
		role.play(words, count)
		return
	}
	fail("%s", usage)
}
