import AMQPWire
import Testing

@Suite("Transactions") struct TxCases {
    private func transaction() async throws -> ProbeChannel {
        let channel = try await Probe.openChannel()
        _ = try await channel.call(TxSelect(), TxSelectOk.self)
        return channel
    }

    @Test(
        "A message published in a transaction is in its queue after the commit, and not before",
        .proves("tx.publish-and-commit", ["rabbitmq/tx/publish-on-commit", "spec/4.6/visibility"]))
    func publishAndCommit() async throws {
        let channel = try await transaction()
        let queue = try await channel.declareQueue(exclusive: false)
        let reader = try await Probe.openChannel()
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        try await channel.barrier(behind: queue)
        #expect(try await reader.drain(queue) == [])
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        #expect(try await reader.drain(queue) == ["1", "2"])
    }

    @Test(
        "A rollback discards what was published",
        .proves("tx.publish-and-rollback", ["rabbitmq/tx/rollback-publish"]))
    func publishAndRollback() async throws {
        let channel = try await transaction()
        let queue = try await channel.declareQueue()
        channel.publish("discarded", to: "", queue)
        _ = try await channel.call(TxRollback(), TxRollbackOk.self)
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "With nothing outstanding an acknowledgement of all is no error in a transaction either",
        .proves("tx.ack-all-of-nothing", ["domain.delivery-tag/non-zero", "rabbitmq/tx/acks-on-commit"]))
    func ackAllOfNothing() async throws {
        let channel = try await transaction()
        try await channel.send(BasicAck(deliveryTag: 0, multiple: true), expecting: .ok)
        try await channel.send(BasicNack(deliveryTag: 0, multiple: true), expecting: .ok)
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
    }

    @Test(
        "basic.recover leaves what the transaction has acknowledged, and a rollback makes that outstanding again",
        .proves("tx.recover-in-between", ["rabbitmq/tx/rollback-acks", "rabbitmq/tx/acks-on-commit"]))
    func recoverInBetween() async throws {
        let channel = try await transaction()
        let queue = try await channel.declareQueue(exclusive: false)
        let publisher = try await Probe.openChannel()
        for text in ["acknowledged", "recovered"] { publisher.publish(text, to: "", queue) }
        try await publisher.barrier(behind: queue)
        let first = try #require(try await channel.get(queue, noAck: false))
        _ = try await channel.get(queue, noAck: false)
        channel.ack(first)
        _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
        #expect(try await publisher.drain(queue) == ["recovered"])
        _ = try await channel.call(TxRollback(), TxRollbackOk.self)
        try await channel.close()
        try await publisher.awaitReady(1, in: queue)
        #expect(try await publisher.drain(queue) == ["acknowledged"])
    }

    @Test(
        "Closing the channel discards what was published and not committed",
        .proves("tx.close-rolls-back", ["rabbitmq/tx/rollback-publish"]))
    func closeRollsBack() async throws {
        let channel = try await transaction()
        let queue = try await channel.declareQueue()
        channel.publish("discarded", to: "", queue)
        try await channel.close()
        let other = try await channel.probe.openChannel()
        #expect(try await other.drain(queue) == [])
    }

    @Test(
        "After a commit and after a rollback the next transaction is open",
        .proves("tx.next-is-open", ["rabbitmq/tx/new-tx-implicit"]))
    func nextIsOpen() async throws {
        let channel = try await transaction()
        let queue = try await channel.declareQueue()
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        channel.publish("rolled back", to: "", queue)
        try await channel.expectReady(0, in: queue)
        _ = try await channel.call(TxRollback(), TxRollbackOk.self)
        channel.publish("committed", to: "", queue)
        try await channel.expectReady(0, in: queue)
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        #expect(try await channel.drain(queue) == ["committed"])
    }

    @Test(
        "An ack counts from the commit on",
        .proves("tx.ack-and-commit", ["rabbitmq/tx/acks-on-commit"]))
    func ackAndCommit() async throws {
        let channel = try await transaction()
        let queue = try await filled(["1", "2"], by: channel)
        let first = try #require(try await channel.get(queue, noAck: false))
        channel.ack(first)
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        let second = try #require(try await channel.get(queue, noAck: false))
        channel.ack(second)
        // The second ack is not committed when the channel goes; the first one is.
        try await channel.close()
        let other = try await channel.probe.openChannel()
        try await other.awaitReady(1, in: queue)
        #expect(try await other.drain(queue) == ["2"])
    }

    @Test(
        "A rejected message comes back with the commit, not before",
        .proves("tx.reject-and-commit", ["rabbitmq/tx/acks-on-commit"]))
    func rejectAndCommit() async throws {
        let channel = try await transaction()
        let queue = try await filled(["1"], by: channel)
        let message = try #require(try await channel.get(queue, noAck: false))
        channel.reject(message, requeue: true)
        try await channel.expectReady(0, in: queue)
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        let again = try #require(try await channel.get(queue, noAck: false))
        #expect(again.redelivered)
    }

    @Test(
        "A nack of several without requeue drops them with the commit",
        .proves("tx.nack-and-commit", ["rabbitmq/tx/acks-on-commit"]))
    func nackAndCommit() async throws {
        let channel = try await transaction()
        let queue = try await filled(["1", "2", "3"], by: channel)
        _ = try #require(try await channel.get(queue, noAck: false))
        let second = try #require(try await channel.get(queue, noAck: false))
        channel.nack(second, multiple: true, requeue: false)
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        try await channel.close()
        #expect(try await channel.probe.openChannel().drain(queue) == ["3"])
    }

    @Test(
        "After a rollback an acknowledged message can be acknowledged again, and has not gone back to the queue",
        .proves(
            "tx.ack-and-rollback", ["rabbitmq/tx/rollback-acks", "rabbitmq/tx/unacked-survive-rollback"]))
    func ackAndRollback() async throws {
        let channel = try await transaction()
        let queue = try await filled(["1"], by: channel)
        let message = try #require(try await channel.get(queue, noAck: false))
        channel.ack(message)
        _ = try await channel.call(TxRollback(), TxRollbackOk.self)
        try await channel.expectReady(0, in: queue)
        channel.ack(message)
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        try await channel.close()
        #expect(try await channel.probe.openChannel().drain(queue) == [])
    }

    @Test(
        "A rollback takes nothing away from consumers, and the window stays as full as it was",
        .proves("tx.rollback-keeps-deliveries", ["rabbitmq/tx/unacked-survive-rollback"]))
    func rollbackKeepsDeliveries() async throws {
        let channel = try await transaction()
        let queue = try await filled(["1", "2"], by: channel)
        try await channel.qos(1)
        try await channel.consume(queue)
        let first = try await channel.delivery()
        channel.ack(first)
        _ = try await channel.call(TxRollback(), TxRollbackOk.self)
        try await channel.expectReady(1, in: queue)
        #expect(channel.deliveriesSoFar().isEmpty, "an ack that was rolled back made room for a delivery")
        channel.ack(first)
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        let second = try await channel.delivery()
        #expect(second.text == "2")
        #expect(!second.redelivered)
    }

    @Test(
        "A message that has no queue comes back at the commit, before commit-ok",
        .proves("tx.returns-before-commit-ok", ["rabbitmq/tx/returns-before-commit-ok"]))
    func returnsBeforeCommitOk() async throws {
        let channel = try await transaction()
        channel.publish("lost", to: "", unique("nobody"), mandatory: true)
        try await channel.barrier()
        #expect(channel.probe.arrived(on: channel.number).isEmpty, "it came back before the commit")
        channel.send(TxCommit())
        #expect(Received(try await channel.next())?.text == "lost")
        #expect(try await channel.next().method?.id == TxCommitOk.id)
    }

    @Test(
        "Publishing to a missing exchange is an error at once, not at the commit",
        .proves("tx.bad-publish-at-once", ["rabbitmq/tx/errors-immediate"]))
    func badPublishAtOnce() async throws {
        let channel = try await transaction()
        channel.publish("hello", to: unique("missing"))
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.notFound))
    }

    @Test(
        "Acknowledging an unknown tag is an error at once, not at the commit",
        .proves("tx.bad-ack-at-once", ["rabbitmq/tx/errors-immediate", "basic.ack.multiple/exists"]))
    func badAckAtOnce() async throws {
        let channel = try await transaction()
        try await channel.send(BasicAck(deliveryTag: 5), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "Acknowledging twice in one transaction is an error at once",
        .proves("tx.ack-twice", ["rabbitmq/tx/errors-immediate", "basic.ack.multiple/exists"]))
    func ackTwice() async throws {
        let channel = try await transaction()
        let queue = try await filled(["1"], by: channel)
        let message = try #require(try await channel.get(queue, noAck: false))
        channel.ack(message)
        try await channel.send(
            BasicAck(deliveryTag: message.deliveryTag), expecting: .channelClose(.preconditionFailed))
        // The close has rolled back the first ack.
        try await channel.awaitReady(1, in: queue)
        #expect(try await channel.drain(queue) == ["1"])
    }

    @Test(
        "Declaring, binding and deleting take effect at once, and a rollback does not undo them",
        .proves("tx.declare-at-once", ["rabbitmq/tx/declare-not-transactional"]))
    func declareAtOnce() async throws {
        let channel = try await transaction()
        let kept = try await channel.declareQueue(exclusive: false)
        let deleted = try await channel.declareQueue(exclusive: false)
        try await channel.bind(kept, to: "amq.direct", kept)
        _ = try await channel.call(QueueDelete(queue: deleted), QueueDeleteOk.self)
        let other = try await Probe.openChannel()
        other.publish("hello", to: "amq.direct", kept)
        try await other.barrier(behind: kept)
        _ = try await channel.call(TxRollback(), TxRollbackOk.self)
        #expect(try await other.drain(kept) == ["hello"])
        #expect(try await !other.exists(queue: deleted))
    }

    @Test(
        "A commit on a channel without transactions is an error",
        .proves("tx.commit-without-select", ["tx.commit/transacted"]))
    func commitWithoutSelect() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(TxCommit(), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A rollback on a channel without transactions is an error",
        .proves("tx.rollback-without-select", ["tx.rollback/transacted"]))
    func rollbackWithoutSelect() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(TxRollback(), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A second tx.select is answered, and the transaction goes on",
        .proves("tx.select-again", ["rabbitmq/tx/publish-on-commit"]))
    func selectAgain() async throws {
        let channel = try await transaction()
        let queue = try await channel.declareQueue()
        channel.publish("kept back", to: "", queue)
        _ = try await channel.call(TxSelect(), TxSelectOk.self)
        try await channel.expectReady(0, in: queue)
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        #expect(try await channel.drain(queue) == ["kept back"])
    }

    @Test(
        "A fetch without acks in a transaction is final: a rollback does not bring the message back",
        .proves("tx.no-ack-is-final", ["rabbitmq/tx/rollback-acks"]))
    func noAckIsFinal() async throws {
        let channel = try await transaction()
        let queue = try await filled(["1", "2"], by: channel)
        #expect(try await channel.get(queue)?.text == "1")
        _ = try await channel.call(TxRollback(), TxRollbackOk.self)
        #expect(try await channel.drain(queue) == ["2"])
    }

    @Test(
        "A commit that a full queue refuses a part of closes the channel; the rest of it is done",
        .proves("tx.partial-completion", ["rabbitmq/tx/partial-completion"]))
    func partialCompletion() async throws {
        let channel = try await transaction()
        let observer = try await channel.probe.openChannel()
        let full = try await observer.declareQueue(arguments: ["x-max-length": 1, "x-overflow": "reject-publish"])
        let other = try await observer.declareQueue()
        let source = try await filled(["settled"], by: channel)
        let message = try #require(try await channel.get(source, noAck: false))
        channel.publish("fits", to: "", full)
        channel.publish("is too much", to: "", full)
        channel.publish("goes elsewhere", to: "", other)
        channel.ack(message)
        try await channel.send(TxCommit(), expecting: .channelClose(.preconditionFailed))
        #expect(try await observer.drain(full) == ["fits"])
        #expect(try await observer.drain(other) == ["goes elsewhere"])
        #expect(try await observer.drain(source) == [])
    }

    /// A queue that holds these messages, put there by another channel, so that the transaction has no part in it.
    private func filled(_ texts: [String], by channel: ProbeChannel) async throws -> ShortString {
        let other = try await channel.probe.openChannel()
        let queue = try await other.declareQueue()
        for text in texts { other.publish(text, to: "", queue) }
        try await other.barrier(behind: queue)
        return queue
    }
}
