import AMQPWire

// The methods of classes connection (10), channel (20) and access (30) as the Python client pika 1.4 encodes them: class and
// method id, then the fields. A method with bits stands here with none, each alone and all of them set.

extension MethodVector {
    static let connection: [MethodVector] = [
        MethodVector(
            "connection.start",
            ConnectionStart(
                versionMajor: 1, versionMinor: 2, serverProperties: ["key": "value"],
                mechanisms: Array("mechanisms-4".utf8), locales: Array("locales-5".utf8)), "000a000a",
            "01020000000e036b6579530000000576616c75650000000c6d656368616e6973", "6d732d34000000096c6f63616c65732d35"),
        MethodVector(
            "connection.start-ok",
            ConnectionStartOk(
                clientProperties: ["key": "value"], mechanism: "mechanism-2", response: Array("response-3".utf8),
                locale: "locale-4"), "000a000b", "0000000e036b6579530000000576616c75650b6d656368616e69736d2d320000",
            "000a726573706f6e73652d33086c6f63616c652d34"),
        MethodVector(
            "connection.secure", ConnectionSecure(challenge: Array("challenge-1".utf8)), "000a0014",
            "0000000b6368616c6c656e67652d31"),
        MethodVector(
            "connection.secure-ok", ConnectionSecureOk(response: Array("response-1".utf8)), "000a0015",
            "0000000a726573706f6e73652d31"),
        MethodVector(
            "connection.tune", ConnectionTune(channelMax: 0x1a1, frameMax: 0x1020302, heartbeat: 0x3a3), "000a001e",
            "01a10102030203a3"),
        MethodVector(
            "connection.tune-ok", ConnectionTuneOk(channelMax: 0x1a1, frameMax: 0x1020302, heartbeat: 0x3a3),
            "000a001f", "01a10102030203a3"),
        MethodVector(
            "connection.open", ConnectionOpen(virtualHost: "virtual-host-1"), "000a0028",
            "0e7669727475616c2d686f73742d310000"),
        MethodVector("connection.open-ok", ConnectionOpenOk(), "000a0029", "00"),
        MethodVector(
            "connection.close",
            ConnectionClose(
                replyCode: ReplyCode(rawValue: 0x1a1), replyText: "reply-text-2", cause: MethodID(0x3a3, 0x4a4)),
            "000a0032", "01a10c7265706c792d746578742d3203a304a4"),
        MethodVector("connection.close-ok", ConnectionCloseOk(), "000a0033"),
        MethodVector(
            "connection.blocked", ConnectionBlocked(reason: "low on memory"), "000a003c", "0d6c6f77206f6e206d656d6f7279"
        ),
        MethodVector("connection.unblocked", ConnectionUnblocked(), "000a003d"),
        MethodVector(
            "connection.update-secret", ConnectionUpdateSecret(newSecret: Array("new-secret".utf8), reason: "reason"),
            "000a0046", "0000000a6e65772d73656372657406726561736f6e"),
        MethodVector("connection.update-secret-ok", ConnectionUpdateSecretOk(), "000a0047"),
    ]

    static let channel: [MethodVector] = [
        MethodVector("channel.open", ChannelOpen(), "0014000a", "00"),
        MethodVector("channel.open-ok", ChannelOpenOk(), "0014000b", "00000000"),
        MethodVector("channel.flow", ChannelFlow(active: false), "00140014", "00"),
        MethodVector("channel.flow", ChannelFlow(active: true), "00140014", "01"),
        MethodVector("channel.flow-ok", ChannelFlowOk(active: false), "00140015", "00"),
        MethodVector("channel.flow-ok", ChannelFlowOk(active: true), "00140015", "01"),
        MethodVector(
            "channel.close",
            ChannelClose(
                replyCode: ReplyCode(rawValue: 0x1a1), replyText: "reply-text-2", cause: MethodID(0x3a3, 0x4a4)),
            "00140028", "01a10c7265706c792d746578742d3203a304a4"),
        MethodVector("channel.close-ok", ChannelCloseOk(), "00140029"),
    ]

    static let access: [MethodVector] = [
        MethodVector("access.request", AccessRequest(realm: "/data"), "001e000a", "052f6461746100"),
        MethodVector("access.request", AccessRequest(realm: "/data", exclusive: true), "001e000a", "052f6461746101"),
        MethodVector("access.request", AccessRequest(realm: "/data", passive: true), "001e000a", "052f6461746102"),
        MethodVector("access.request", AccessRequest(realm: "/data", active: true), "001e000a", "052f6461746104"),
        MethodVector("access.request", AccessRequest(realm: "/data", write: true), "001e000a", "052f6461746108"),
        MethodVector("access.request", AccessRequest(realm: "/data", read: true), "001e000a", "052f6461746110"),
        MethodVector("access.request-ok", AccessRequestOk(ticket: 0x1a1), "001e000b", "01a1"),
    ]
}
