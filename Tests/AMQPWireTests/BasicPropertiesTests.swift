import AMQPWire
import Testing

struct BasicPropertiesTests {
    /// Each property alone, then none and all of them, as the Python client pika 1.4 encodes them.
    static let table: [(BasicProperties, String)] = [
        (BasicProperties(contentType: "text/plain"), "8000 0a746578742f706c61696e"),
        (BasicProperties(contentEncoding: "utf-8"), "4000 057574662d38"),
        (BasicProperties(headers: ["k": "v"]), "2000 00000008016b530000000176"),
        (BasicProperties(deliveryMode: 2), "1000 02"),
        (BasicProperties(priority: 5), "0800 05"),
        (BasicProperties(correlationID: "corr"), "0400 04636f7272"),
        (BasicProperties(replyTo: "reply"), "0200 057265706c79"),
        (BasicProperties(expiration: "60000"), "0100 053630303030"),
        (BasicProperties(messageID: "id-1"), "0080 0469642d31"),
        (BasicProperties(timestamp: 1_700_000_000), "0040 000000006553f100"),
        (BasicProperties(type: "kind"), "0020 046b696e64"),
        (BasicProperties(userID: "guest"), "0010 056775657374"),
        (BasicProperties(appID: "app"), "0008 03617070"),
        (BasicProperties(clusterID: "cluster"), "0004 07636c7573746572"),
        (BasicProperties(), "0000"),
        (
            BasicProperties(
                contentType: "text/plain", contentEncoding: "utf-8", headers: ["k": "v"], deliveryMode: 2,
                priority: 5, correlationID: "corr", replyTo: "reply", expiration: "60000", messageID: "id-1",
                timestamp: 1_700_000_000, type: "kind", userID: "guest", appID: "app", clusterID: "cluster"),
            """
            fffc 0a746578742f706c61696e 057574662d38 00000008016b530000000176 02 05 04636f7272 057265706c79
            053630303030 0469642d31 000000006553f100 046b696e64 056775657374 03617070 07636c7573746572
            """
        ),
    ]

    @Test(arguments: table)
    func `are read and written as pika has them`(_ properties: BasicProperties, _ hex: String) throws {
        #expect(written(properties.write) == octets(hex))
        #expect(try BasicProperties(octets: octets(hex)[...]) == properties)
    }

    @Test(arguments: table)
    func `are refused when cut short, and when something follows`(_ properties: BasicProperties, _ hex: String) {
        let whole = octets(hex)
        for count in 0..<whole.count {
            #expect(throws: WireError.self) { try BasicProperties(octets: whole[..<count]) }
        }
        #expect(throws: WireError.self) { try BasicProperties(octets: (whole + [0])[...]) }
    }

    @Test func `an empty property is not an absent one`() throws {
        let empty = BasicProperties(headers: [:], deliveryMode: 0, replyTo: "", timestamp: 0)
        #expect(try BasicProperties(octets: written(empty.write)[...]) == empty)
        #expect(empty != BasicProperties())
    }

    @Test func `a second flag word is refused, the bit without a meaning is not`() throws {
        #expect(throws: WireError.self) { try BasicProperties(octets: octets("0001 0000")[...]) }
        #expect(try BasicProperties(octets: octets("0002")[...]) == BasicProperties())
    }

    @Test func `only delivery mode 2 is persistent`() {
        #expect(BasicProperties(deliveryMode: 2).isPersistent)
        for mode in [nil, 0, 1, 3] as [UInt8?] { #expect(!BasicProperties(deliveryMode: mode).isPersistent) }
    }
}
