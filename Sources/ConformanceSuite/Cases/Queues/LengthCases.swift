import AMQPWire
import Testing

@Suite("Queues of limited length") struct LengthCases {
    @Test(
        "The oldest ready messages go when there are more than x-max-length",
        .proves("length.drop-head", ["rabbitmq/max-length/drop-head"]))
    func dropHead() async throws {
        let (channel, queue) = try await open(["x-max-length": 2])
        for number in 1...4 { channel.publish("\(number)", to: "", queue) }
        #expect(try await channel.drain(queue) == ["3", "4"])
    }

    @Test(
        "x-max-length-bytes limits the sum of the bodies, and properties do not count",
        .proves("length.octets", ["rabbitmq/max-length/bytes"]))
    func octets() async throws {
        let (channel, queue) = try await open(["x-max-length-bytes": 10])
        let long = BasicProperties(headers: ["long": "a header that alone is longer than the queue may be"])
        for text in ["aaaaa", "bbbbb"] { channel.publish(text, to: "", queue, long) }
        try await channel.expectReady(2, in: queue)
        channel.publish("c", to: "", queue)
        #expect(try await channel.drain(queue) == ["bbbbb", "c"])
    }

    @Test(
        "With both limits the first that is reached counts",
        .proves("length.both-limits", ["rabbitmq/max-length/both-limits"]))
    func bothLimits() async throws {
        let (channel, queue) = try await open(["x-max-length": 2, "x-max-length-bytes": 10])
        for text in ["a", "b", "c"] { channel.publish(text, to: "", queue) }
        #expect(try await channel.drain(queue) == ["b", "c"])
        for text in ["aaaaaa", "bbbbbb"] { channel.publish(text, to: "", queue) }
        #expect(try await channel.drain(queue) == ["bbbbbb"])
    }

    @Test("Unacknowledged messages do not count", .proves("length.ready-only", ["rabbitmq/max-length/ready-only"]))
    func readyOnly() async throws {
        let (channel, queue) = try await open(["x-max-length": 1])
        channel.publish("out", to: "", queue)
        _ = try #require(try await channel.get(queue, noAck: false))
        channel.publish("ready", to: "", queue)
        #expect(try await channel.drain(queue) == ["ready"])
    }

    @Test(
        "A message that comes back counts again",
        .proves("length.requeue-reapplies", ["rabbitmq/max-length/requeue-reapplies"]))
    func requeueReapplies() async throws {
        let (channel, queue) = try await open(["x-max-length": 1])
        channel.publish("comes back", to: "", queue)
        let message = try #require(try await channel.get(queue, noAck: false))
        channel.publish("came meanwhile", to: "", queue)
        channel.reject(message, requeue: true)
        #expect(try await channel.drain(queue) == ["came meanwhile"])
    }

    @Test(
        "A queue of length 0 keeps nothing, but hands on to who waits",
        .proves("length.zero", ["rabbitmq/max-length/zero"]))
    func zero() async throws {
        let (channel, queue) = try await open(["x-max-length": 0])
        channel.publish("nobody waits", to: "", queue)
        #expect(try await channel.drain(queue) == [])
        try await channel.consume(queue)
        channel.publish("somebody waits", to: "", queue)
        #expect(try await channel.delivery().text == "somebody waits")
    }

    @Test(
        "A length that is negative or no integer, and an unknown x-overflow, fail the declare",
        .proves("length.bad-argument", ["rabbitmq/max-length/invalid"]))
    func badArgument() async throws {
        let channel = try await Probe.openChannel()
        for arguments in [
            ["x-max-length": -1], ["x-max-length-bytes": -1], ["x-max-length": "1"], ["x-overflow": "drop-tail"],
        ] as [FieldTable] {
            let declare = QueueDeclare(queue: unique("queue"), exclusive: true, arguments: arguments)
            try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
        }
    }

    private func open(_ arguments: FieldTable) async throws -> (ProbeChannel, ShortString) {
        let channel = try await Probe.openChannel()
        return (channel, try await channel.declareQueue(arguments: arguments))
    }
}

@Suite("Full queues that refuse") struct OverflowCases {
    @Test(
        "reject-publish: the newest is refused, and its publisher gets a nack",
        .proves("length.reject-publish", ["rabbitmq/max-length/reject-publish-nack"]))
    func rejectPublish() async throws {
        let (channel, queue) = try await open()
        try await channel.confirmSelect()
        channel.publish("old", to: "", queue)
        #expect(try await channel.confirm().acks(1))
        channel.publish("new", to: "", queue)
        #expect(try await channel.confirm().nacks(2))
        #expect(try await channel.drain(queue) == ["old"])
    }

    @Test(
        "reject-publish: without confirms the refused message just disappears",
        .proves("length.reject-publish-silent", ["rabbitmq/max-length/reject-publish-silent"]))
    func rejectPublishSilent() async throws {
        let (channel, queue) = try await open()
        channel.publish("old", to: "", queue)
        try await channel.barrier(behind: queue)
        channel.publish("new", to: "", queue)
        try await channel.barrier(behind: queue)
        let arrived = channel.probe.arrived(on: channel.number)
        #expect(arrived.isEmpty)
        #expect(try await channel.drain(queue) == ["old"])
    }

    @Test(
        "reject-publish: once there is room, publishes are taken again",
        .proves("length.reject-publish-resumes", ["rabbitmq/max-length/reject-publish-resumes"]))
    func rejectPublishResumes() async throws {
        let (channel, queue) = try await open()
        try await channel.confirmSelect()
        for text in ["1", "2"] {
            channel.publish(text, to: "", queue)
            _ = try await channel.confirm()
        }
        #expect(try await channel.drain(queue) == ["1"])
        channel.publish("3", to: "", queue)
        #expect(try await channel.confirm().acks(3))
        #expect(try await channel.drain(queue) == ["3"])
    }

    @Test(
        "reject-publish: other queues get what one has refused, and the answer is a nack",
        .proves("length.reject-publish-elsewhere", ["rabbitmq/max-length/reject-other-queues"]))
    func rejectPublishElsewhere() async throws {
        let (channel, full) = try await open()
        let other = try await channel.declareQueue()
        let exchange = try await channel.declareExchange("fanout")
        for queue in [full, other] { try await channel.bind(queue, to: exchange) }
        try await channel.confirmSelect()
        channel.publish("1", to: exchange)
        #expect(try await channel.confirm().acks(1))
        channel.publish("2", to: exchange)
        #expect(try await channel.confirm().nacks(2))
        #expect(try await channel.drain(full) == ["1"])
        #expect(try await channel.drain(other) == ["1", "2"])
    }

    @Test(
        "reject-publish: what is refused is not dead-lettered",
        .proves("length.reject-publish-no-dead-letters", ["rabbitmq/max-length/reject-publish-no-dlx"]))
    func rejectPublishNoDeadLetters() async throws {
        let letters = try await DeadLetters.open(["x-max-length": 1, "x-overflow": "reject-publish"])
        try await letters.channel.confirmSelect()
        letters.publish("old")
        #expect(try await letters.channel.confirm().acks(1))
        letters.publish("new")
        #expect(try await letters.channel.confirm().nacks(2))
        try await letters.refuse()
        #expect(try await letters.next().text == "old")
    }

    @Test(
        "reject-publish-dlx: what is refused is nacked and dead-lettered with reason maxlen",
        .proves("length.reject-publish-dlx", ["rabbitmq/max-length/reject-publish-dlx"]))
    func rejectPublishDeadLetter() async throws {
        let letters = try await DeadLetters.open(["x-max-length": 1, "x-overflow": "reject-publish-dlx"])
        try await letters.channel.confirmSelect()
        letters.publish("old")
        #expect(try await letters.channel.confirm().acks(1))
        letters.publish("new")
        #expect(try await letters.channel.confirm().nacks(2))
        let dead = try await letters.next()
        #expect(dead.text == "new")
        #expect(dead.deaths.first?["reason"] == "maxlen")
        #expect(try await letters.get()?.text == "old")
    }

    @Test(
        "A mandatory message that a full queue refuses was routable, and is not returned",
        .proves("length.refused-is-not-returned", ["rabbitmq/max-length/mandatory-not-returned"]))
    func refusedIsNotReturned() async throws {
        let (channel, queue) = try await open()
        try await channel.confirmSelect()
        channel.publish("old", to: "", queue, mandatory: true)
        #expect(Confirm(try await channel.next())?.acks(1) == true)
        channel.publish("new", to: "", queue, mandatory: true)
        #expect(Confirm(try await channel.next())?.nacks(2) == true)
        try await channel.barrier(behind: queue)
        let returns = channel.probe.arrived(on: channel.number) { $0.method?.id == BasicReturn.id }
        #expect(returns.isEmpty)
    }

    @Test(
        "reject-publish: a queue of length 0 refuses everything, even with a consumer waiting",
        .proves("length.reject-publish-zero", ["rabbitmq/max-length/zero"]))
    func rejectPublishZero() async throws {
        let (channel, queue) = try await open(0)
        try await channel.confirmSelect()
        try await channel.consume(queue)
        channel.publish("somebody waits", to: "", queue)
        #expect(try await channel.confirm().nacks(1))
    }

    @Test(
        "reject-publish: what comes back stays, however full the queue is by then, and nothing is dropped for it",
        .proves("length.reject-publish-keeps-returned", ["rabbitmq/max-length/requeue-keeps-in-refusing-queue"]))
    func rejectPublishKeepsReturned() async throws {
        for overflow in ["reject-publish", "reject-publish-dlx"] {
            for way in ["nack", "recover", "channel.close"] {
                let letters = try await DeadLetters.open(["x-max-length": 1, "x-overflow": .string(overflow)])
                let holder = try await letters.channel.probe.openChannel()
                letters.publish("1")
                try await letters.channel.barrier(behind: letters.queue)
                let held = try #require(try await holder.get(letters.queue, noAck: false))
                letters.publish("2")
                try await letters.channel.barrier(behind: letters.queue)
                switch way {
                case "nack": holder.nack(held)
                case "recover": _ = try await holder.call(BasicRecover(requeue: true), BasicRecoverOk.self)
                default: try await holder.close()
                }
                if way != "channel.close" { try await holder.barrier(behind: letters.queue) }
                try await letters.channel.expectReady(2, in: letters.queue)
                #expect(try await letters.channel.drain(letters.queue) == ["1", "2"])
                try await letters.channel.barrier(behind: letters.dead)
                #expect(letters.channel.deliveriesSoFar().isEmpty, "nothing was dead-lettered")
            }
        }
    }

    /// A queue for one message, or so many, that refuses more.
    private func open(_ length: FieldValue = 1) async throws -> (ProbeChannel, ShortString) {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(
            arguments: ["x-max-length": length, "x-overflow": "reject-publish"])
        return (channel, queue)
    }
}
