import AMQPWire

extension Fault {
    /// Quorum queues that count wrongly, or are none.
    static let quorumQueues: [Fault] = [
        isClassic("quorum.is-classic"), isClassic("quorum.is-classic-before-a-restart").beforeRestarts,
        counts("quorum.counts-nothing") { _ in nil }, counts("quorum.counts-one-too-many") { $0 + 1 },
        counts("quorum.counts-are-forgotten-at-a-restart") { _ in nil }.afterRestarts,
        .handedOver("quorum.tells-acquisitions-always") { content in
            let headers = content.properties.headers?.fields ?? []
            content.properties.headers = FieldTable(headers + [.init("x-acquired-count", 7)])
        },
        .handedOver("quorum.keeps-the-clients-count") { content in
            if content.properties.headers?["kept"] != nil { content.properties.headers?["x-delivery-count"] = 77 }
        },
        limit("quorum.limit-one-too-many") { .int64(($0?.integer ?? -1) + 1) },
        limit("quorum.limit-means-nothing") { _ in nil },
        limit("quorum.limit-of-ten-by-default") { $0 ?? 10 },
        limit("quorum.limit-as-high-as-can-be") { _ in .int64(1000) },
        .request("quorum.shared-window-is-fine") { (qos: inout BasicQos) in qos.global = false },
        .request("quorum.stream-offset-is-taken") { (consume: inout BasicConsume) in consume.arguments = [:] },
        .request("quorum.octets-count-tenfold") { (declare: inout QueueDeclare) in
            declare.arguments = declare.arguments.changing("x-max-length-bytes") { $0 / 10 }
        },
        .request("quorum.conditions-of-a-delete-mean-nothing") { (delete: inout QueueDelete) in
            (delete.ifUnused, delete.ifEmpty) = (false, false)
        },
        .handedOver("quorum.delivery-limit-is-called-rejected") { content in
            if content.properties.headers?["x-first-death-reason"]?.text == "delivery_limit" {
                content.properties.headers?["x-first-death-reason"] = "rejected"
            }
        },
        .request("quorum.returns-are-dropped") { (nack: inout BasicNack) in nack.requeue = false },
        .requests("quorum.transient-messages-are-forgotten", [BasicPublish.id]) { parcel, _ in
            parcel.content?.properties.deliveryMode == 1 ? [] : [parcel]
        }.beforeRestarts,
    ]

    /// The broker makes a classic queue of it.
    private static func isClassic(_ name: String) -> Fault {
        .request(name) { (declare: inout QueueDeclare) in
            if declare.arguments["x-queue-type"]?.text == "quorum" {
                declare.arguments = declare.arguments.without("x-queue-type")
            }
        }
    }

    private static func limit(_ name: String, _ change: @escaping @Sendable (FieldValue?) -> FieldValue?) -> Fault {
        .request(name) { (declare: inout QueueDeclare) in
            if declare.arguments["x-queue-type"]?.text == "quorum" {
                declare.arguments["x-delivery-limit"] = change(declare.arguments["x-delivery-limit"])
            }
        }
    }

    private static func counts(_ name: String, _ change: @escaping @Sendable (Int64) -> Int64?) -> Fault {
        .handedOver(name) { content in
            guard let count = content.properties.headers?["x-delivery-count"]?.integer else { return }
            content.properties.headers?["x-delivery-count"] = change(count).map(FieldValue.int64)
        }
    }
}
