// Step 13: at least once, and still only once.
package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A lineFile has lines that a program has written down, as the step in Swift writes them: each can read the other's.
type lineFile struct{ path string }

func newLineFile(name string) lineFile {
	return lineFile{filepath.Join(os.Getenv("ORDERS_FOLDER"), name)}
}

var (
	escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	plain  = strings.NewReplacer(`\\`, `\`, `\n`, "\n")
)

// lines leaves out what a crash of the machine has left unfinished at the end: nothing is written behind it.
func (file lineFile) lines() []string {
	text, err := os.ReadFile(file.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	check(err)
	end := strings.LastIndex(string(text), "\n") + 1
	check(os.Truncate(file.path, int64(end)))
	lines := strings.Split(string(text[:end]), "\n")
	for number, line := range lines {
		lines[number] = plain.Replace(line)
	}
	return lines[:len(lines)-1]
}

// add has the line on disk when it returns.
func (file lineFile) add(line string) {
	write(file.path, os.O_APPEND, escape.Replace(line)+"\n")
}

// clear is one step: a crash leaves the old lines or none.
func (file lineFile) clear() {
	write(file.path+".new", os.O_TRUNC, "")
	check(os.Rename(file.path+".new", file.path))
}

func write(path string, how int, text string) {
	file := must(os.OpenFile(path, os.O_WRONLY|os.O_CREATE|how, 0o644))
	defer file.Close()
	must(file.WriteString(text))
	check(file.Sync())
}

func crashOf(words []string, places ...string) ([]string, string) {
	words, place, isThere := option(words, "--crash")
	for _, known := range places {
		if place == known {
			return words, place
		}
	}
	if isThere {
		fail("--crash takes %s, not '%s'", strings.Join(places, " or "), place)
	}
	return words, ""
}

type takenOrder struct{ id, text string }

// waitingOrders reads the outbox. `+ ID TEXT`: an order is taken. `-`: the oldest is confirmed.
func waitingOrders(outbox lineFile) []takenOrder {
	waiting := []takenOrder{}
	for _, line := range outbox.lines() {
		if parts := strings.SplitN(line, " ", 3); parts[0] == "+" && len(parts) == 3 {
			waiting = append(waiting, takenOrder{parts[1], parts[2]})
		} else if line == "-" && len(waiting) > 0 {
			waiting = waiting[1:]
		}
	}
	return waiting
}

func newID() string {
	bytes := make([]byte, 8)
	must(rand.Read(bytes))
	return fmt.Sprintf("%x", bytes)
}

func order(words []string, count int) {
	words, crash := crashOf(words, "committed", "confirmed")
	outbox := newLineFile("orders.outbox")
	waiting := waitingOrders(outbox)
	connection, channel := connect()
	defer connection.Close()
	declareQueue(channel, "shipments", true, nil)
	publisher := newPublisher(channel)
	for _, text := range messages(words, count, "Hello World!") {
		taken := takenOrder{newID(), text}
		outbox.add("+ " + taken.id + " " + taken.text)
		waiting = append(waiting, taken)
		fmt.Printf(" [x] Committed '%s'\n", text)
		if crash == "committed" {
			fmt.Println(" [!] Crashed")
			return
		}
		for len(waiting) > 0 {
			message := persistent(waiting[0].text)
			message.MessageId = waiting[0].id
			check(publisher.publish("shipments", message))
			fmt.Printf(" [x] Confirmed '%s'\n", waiting[0].text)
			if crash == "confirmed" {
				fmt.Println(" [!] Crashed")
				return
			}
			if waiting = waiting[1:]; len(waiting) > 0 {
				outbox.add("-")
			} else {
				outbox.clear()
			}
		}
	}
}

func ship(words []string, _ int) {
	_, crash := crashOf(words, "shipped")
	inbox := newLineFile("orders.inbox")
	shipped := map[string]bool{}
	for _, line := range inbox.lines() {
		id, _, _ := strings.Cut(line, " ")
		shipped[id] = true
	}
	connection, channel := connect()
	defer connection.Close()
	declareQueue(channel, "shipments", true, nil)
	check(channel.Qos(1, 0, false))
	orders := must(channel.Consume("shipments", "", false, true, false, false, nil))
	err := each(orders, " [*] Waiting for orders. To exit press CTRL+C", func(order amqp.Delivery) error {
		fmt.Printf(" [x] Received '%s'\n", order.Body)
		if order.MessageId != "" && shipped[order.MessageId] {
			fmt.Println(" [!] Shipped before")
		} else {
			// What is done and the note that it is done, in one.
			inbox.add(order.MessageId + " " + string(order.Body))
			shipped[order.MessageId] = true
			fmt.Println(" [x] Shipped")
			if crash == "shipped" {
				fmt.Println(" [!] Crashed")
				return errCrash
			}
		}
		if err := order.Ack(false); err != nil {
			return err
		}
		fmt.Println(" [x] Acknowledged")
		return nil
	})
	if err != errCrash {
		check(err)
	}
}

func main() {
	run(role{"order", "[MESSAGE] [--count N] [--crash committed|confirmed]", order}, role{"ship", "[--crash shipped]", ship})
}
