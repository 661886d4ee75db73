import AMQPWire

extension Fault {
    private static let confirms: [MethodID] = [BasicAck.id, BasicNack.id]

    static let confirming: [Fault] = [
        .never("confirm.never") { (_: BasicAck) in true },
        .reply("confirm.numbers-stop-at-127") { (ack: inout BasicAck) in ack.deliveryTag = min(ack.deliveryTag, 127) }
            .above(100),
        .replies("confirm.twice", confirms) { parcel, _ in [parcel, parcel] },
        .reply("confirm.from-zero") { (ack: inout BasicAck) in ack.deliveryTag &-= 1 },
        .reply("confirm.ack-is-nack") { (ack: inout BasicAck) in ack.deliveryTag &+= 1 },
        .replies("confirm.nack-for-ack", [BasicAck.id]) { parcel, _ in
            guard case .basicAck(let ack) = parcel.method else { return [parcel] }
            return [
                Parcel(
                    .basicNack(BasicNack(deliveryTag: ack.deliveryTag, multiple: ack.multiple)), channel: parcel.channel
                )
            ]
        },
        .replies("confirm.ack-for-nack", [BasicNack.id]) { parcel, _ in
            guard case .basicNack(let nack) = parcel.method else { return [parcel] }
            return [
                Parcel(
                    .basicAck(BasicAck(deliveryTag: nack.deliveryTag, multiple: nack.multiple)), channel: parcel.channel
                )
            ]
        },
        .reply("confirm.always-multiple-from-the-next") { (ack: inout BasicAck) in
            (ack.deliveryTag, ack.multiple) = (ack.deliveryTag &+ 1, true)
        },
        .replies("confirm.before-the-return", [BasicReturn.id, BasicAck.id]) { parcel, memory in
            if parcel.method.id == BasicReturn.id {
                memory.kept.append(parcel)
                return []
            }
            defer { memory.kept = [] }
            return [parcel] + memory.kept
        },
        .ignores("confirm.select-does-nothing") { (_: ConfirmSelect) in true },
        .request("confirm.select-no-wait-is-answered") { (select: inout ConfirmSelect) in select.noWait = false },
        .requests("confirm.select-again-ends-the-count", [ConfirmSelect.id]) { parcel, memory in
            memory.names.insert("\(memory.connection)/\(parcel.channel)").inserted
                ? [parcel] : [Parcel(.txSelect(TxSelect()), channel: parcel.channel)]
        },
        .replies("confirm.counts-the-connection", [BasicAck.id]) { parcel, memory in
            memory.count += 1
            let count = UInt64(memory.count)
            return parcel.changing { (ack: inout BasicAck) in ack.deliveryTag = count }.alone
        },
        .replies("confirm.one-for-each-queue", [BasicAck.id, QueueBindOk.id]) { parcel, memory in
            if parcel.method.id == QueueBindOk.id { memory.count += 1 }
            return parcel.method.id == BasicAck.id && memory.count > 1 ? [parcel, parcel] : [parcel]
        },
        .requests("confirm.unroutable-never", [BasicPublish.id]) { parcel, _ in [parcel] }.confirmsOnlyRouted(),
        .requests("confirm.not-for-persistent", [BasicPublish.id]) { parcel, memory in
            memory.count += 1
            if parcel.content?.properties.deliveryMode == 2 { memory.names.insert("\(memory.count)") }
            return [parcel]
        }.confirmsNotNamed(),
        .requests("confirm.not-for-transient", [BasicPublish.id]) { parcel, memory in
            memory.count += 1
            if parcel.content?.properties.deliveryMode != 2 { memory.names.insert("\(memory.count)") }
            return [parcel]
        }.confirmsNotNamed(),
        .requests("confirm.waits-for-the-consumer", [BasicAck.id]) { _, _ in [] }.confirmsAfterAck(),
    ]

    /// Confirms for messages that were returned do not come.
    private func confirmsOnlyRouted() -> Fault {
        var fault = self
        fault.reply = { parcel, memory in
            if parcel.method.id == BasicReturn.id { memory.count += 1 }
            if parcel.method.id == BasicAck.id, memory.count > 0 {
                memory.count -= 1
                return []
            }
            return [parcel]
        }
        return fault
    }

    /// Confirms for the messages whose numbers were written down do not come.
    private func confirmsNotNamed() -> Fault {
        var fault = self
        fault.reply = { parcel, memory in
            if case .basicAck(let ack) = parcel.method, memory.names.contains("\(ack.deliveryTag)") {
                []
            } else {
                [parcel]
            }
        }
        return fault
    }

    /// Confirms come only when the client has acknowledged something.
    private func confirmsAfterAck() -> Fault {
        var fault = self
        fault.request = { parcel, memory in
            if parcel.method.id == BasicAck.id { memory.count += 1 }
            return [parcel]
        }
        fault.reply = { parcel, memory in
            parcel.method.id == BasicAck.id && memory.count == 0 ? [] : [parcel]
        }
        return fault
    }

    static let transactions: [Fault] = [
        .ignores("tx.select-does-nothing") { (_: TxSelect) in true },
        .ignores("tx.commit-does-nothing") { (_: TxCommit) in true },
        .ignores("tx.rollback-does-nothing") { (_: TxRollback) in true },
        .requests("tx.rollback-commits", [TxRollback.id]) { parcel, memory in
            memory.names.insert("rolled")
            return [Parcel(.txCommit(TxCommit()), channel: parcel.channel)]
        }.answering(TxCommitOk.id, with: .txRollbackOk(TxRollbackOk())),
        .requests("tx.commit-rolls-back", [TxCommit.id]) { parcel, memory in
            memory.names.insert("rolled")
            return [Parcel(.txRollback(TxRollback()), channel: parcel.channel)]
        }.answering(TxRollbackOk.id, with: .txCommitOk(TxCommitOk())),
        .requests("tx.close-commits", [ChannelClose.id, ConnectionClose.id]) { parcel, memory in
            guard memory.names.contains("tx"),
                parcel.method.id == ChannelClose.id || parcel.method.id == ConnectionClose.id
            else { return [parcel] }
            memory.swallowed += 1
            return [Parcel(.txCommit(TxCommit()), channel: max(1, parcel.channel)), parcel]
        }.rememberingTx(),
        .requests("tx.commit-ok-before-returns", [TxCommit.id]) { parcel, _ in [parcel] }.returnsAfterCommit(),
        .requests("tx.publishes-at-once", [BasicPublish.id]) { parcel, memory in
            guard memory.names.contains("tx") else { return [parcel] }
            memory.swallowed += 1
            return [parcel, Parcel(.txCommit(TxCommit()), channel: parcel.channel)]
        }.rememberingTx(),
        .requests("tx.acks-at-once", [BasicAck.id, BasicNack.id, BasicReject.id]) { parcel, memory in
            guard memory.names.contains("tx") else { return [parcel] }
            memory.swallowed += 1
            return [parcel, Parcel(.txCommit(TxCommit()), channel: parcel.channel)]
        }.rememberingTx(),
        .requests("tx.ends-with-commit", [TxCommit.id]) { parcel, memory in
            memory.names.insert("over")
            return [parcel]
        }.committingAfter("over"),
        .requests("tx.second-select-refused", [TxSelect.id]) { parcel, memory in
            memory.names.insert("\(memory.connection)/\(parcel.channel)").inserted
                ? [parcel] : [Parcel(.confirmSelect(ConfirmSelect()), channel: parcel.channel)]
        },
        .requests("tx.rollback-requeues", [TxRollback.id]) { parcel, _ in
            [parcel, Parcel(.basicRecoverAsync(BasicRecoverAsync(requeue: true)), channel: parcel.channel)]
        },
    ]

    private func answering(_ answer: MethodID, with other: Method) -> Fault {
        var fault = self
        fault.reply = { parcel, _ in parcel.method.id == answer ? [Parcel(other, channel: parcel.channel)] : [parcel] }
        return fault
    }

    private func rememberingTx() -> Fault {
        var fault = self
        let inner = request
        fault.request = { parcel, memory in
            if parcel.method.id == TxSelect.id { memory.names.insert("tx") }
            return inner?(parcel, &memory) ?? [parcel]
        }
        fault.reply = { parcel, memory in
            guard parcel.method.id == TxCommitOk.id, memory.swallowed > 0 else { return [parcel] }
            memory.swallowed -= 1
            return []
        }
        return fault
    }

    private func committingAfter(_ name: String) -> Fault {
        var fault = self
        fault.request = { parcel, memory in
            let isOver = memory.names.contains(name)
            if parcel.method.id == TxCommit.id { memory.names.insert(name) }
            guard isOver, parcel.content != nil || parcel.method.id == BasicAck.id else { return [parcel] }
            memory.swallowed += 1
            return [parcel, Parcel(.txCommit(TxCommit()), channel: parcel.channel)]
        }
        fault.reply = { parcel, memory in
            guard parcel.method.id == TxCommitOk.id, memory.swallowed > 0 else { return [parcel] }
            memory.swallowed -= 1
            return []
        }
        return fault
    }

    private func returnsAfterCommit() -> Fault {
        var fault = self
        fault.reply = { parcel, memory in
            if parcel.method.id == BasicReturn.id {
                memory.kept.append(parcel)
                return []
            }
            guard parcel.method.id == TxCommitOk.id else { return [parcel] }
            defer { memory.kept = [] }
            return [parcel] + memory.kept
        }
        return fault
    }
}
