import AMQPWire
import Synchronization
import Testing

@testable import BrokerCore

@Suite("Logging in")
struct LoginTests {
    private static let slow = BrokerConfiguration.User(name: "slow", isCostlyToCheck: true) {
        $0 == Array("right".utf8)
    }

    private func startOk(_ mechanism: ShortString, _ response: String) -> ConnectionStartOk {
        ConnectionStartOk(
            clientProperties: ["capabilities": .table(["authentication_failure_close": true])], mechanism: mechanism,
            response: Array(response.utf8))
    }

    private func greeted(_ rig: Rig, isLoopback: Bool = true) -> RigClient {
        let client = rig.connect(isLoopback: isLoopback)
        client.send(octets: ProtocolHeader.amqp091)
        return client
    }

    private func mechanisms(_ client: RigClient) -> String? {
        guard case .connectionStart(let start)? = client.take().first?.method else { return nil }
        return String(decoding: start.mechanisms, as: UTF8.self)
    }

    @Test("ANONYMOUS is offered when there is somebody to log in by it, and only then")
    func anonymous() throws {
        let without = Rig()
        var client = greeted(without)
        #expect(mechanisms(client) == "PLAIN AMQPLAIN")
        client.send(startOk("ANONYMOUS", ""), channel: 0)
        #expect(client.isEnded && client.take() == [])

        let rig = Rig { $0.anonymousUser = "guest" }
        client = greeted(rig)
        #expect(mechanisms(client) == "PLAIN AMQPLAIN ANONYMOUS")
        client.send(startOk("ANONYMOUS", "whoever"), channel: 0)
        #expect(client.take().map(\.method.id) == [ConnectionTune.id])
        #expect(rig.core.listConnections().map(\.user) == ["guest"])
    }

    @Test("From 4.0 on ANONYMOUS is for guest, if there is such a user")
    func anonymousGuest() {
        let rig = Rig { $0.dialect = .v4_0 }
        #expect(mechanisms(greeted(rig)) == "PLAIN AMQPLAIN ANONYMOUS")
        let withoutGuest = Rig { ($0.dialect, $0.users) = (.v4_0, [Self.slow]) }
        #expect(mechanisms(greeted(withoutGuest)) == "PLAIN AMQPLAIN")
    }

    @Test("PLAIN's response has three parts, and the first is empty")
    func plain() {
        for response in ["guest\0guest", "guest\0guest\0guest", "\0guest\0guest\0more", "\0guest"] {
            let rig = Rig()
            let client = greeted(rig)
            client.received = []
            client.send(startOk("PLAIN", response), channel: 0)
            #expect(client.isEnded && client.take() == [], "\(response)")
        }
    }

    @Test("ANONYMOUS lets nobody in who may not be there: from elsewhere, or without being a user")
    func anonymousRefused() throws {
        for (user, isLoopback) in [("guest", false), ("nobody", true)] {
            let rig = Rig { $0.anonymousUser = user }
            let client = greeted(rig, isLoopback: isLoopback)
            client.received = []
            client.send(startOk("ANONYMOUS", ""), channel: 0)
            #expect(client.takeClose()?.code == .accessRefused)
            #expect(client.isEnded)
        }
    }

    @Test("A password that takes long is checked outside, and the client waits for what comes of it")
    func costly() throws {
        let rig = Rig { $0.users.append(Self.slow) }
        let client = greeted(rig)
        client.received = []
        // All at once, as a client may that is in a hurry.
        var writer = FrameWriter()
        writer.method(startOk("PLAIN", "\0slow\0right"), channel: 0)
        writer.method(ConnectionTuneOk(channelMax: 10, frameMax: 131_072, heartbeat: 0), channel: 0)
        writer.method(ConnectionOpen(), channel: 0)
        client.send(octets: writer.take())
        #expect(client.take() == [])
        // It is read from: otherwise nobody would notice that it has left. But not forever.
        #expect(rig.takeReadingChanges().isEmpty)
        for _ in 0..<20 {
            client.send(octets: heartbeats(500))
        }
        var reading: [Bool] = []
        reading += rig.takeReadingChanges().map(\.isReading)
        #expect(reading == [false])
        let checks = rig.takeLoginChecks()
        #expect(checks.map(\.connection) == [client.id] && rig.takeLoginChecks().isEmpty)
        rig.step(.loginChecked(client.id, isRight: try #require(checks.first).run()))
        reading += rig.takeReadingChanges().map(\.isReading)
        // All that has come takes more than a turn.
        #expect(reading == [false, true, false, true])
        #expect(client.take().map(\.method.id) == [ConnectionTune.id, ConnectionOpenOk.id])
        // What comes twice changes nothing.
        rig.step(.loginChecked(client.id, isRight: false))
        #expect(client.take() == [] && !client.isEnded)
    }

    @Test("A wrong password, a wrong name and a right one all take the same way", arguments: ["slow", "nobody"])
    func costlyAndWrong(_ name: String) throws {
        let rig = Rig { $0.users.append(Self.slow) }
        let client = greeted(rig)
        client.received = []
        // Right for somebody, but not for nobody.
        client.send(startOk("PLAIN", "\0\(name)\0\(name == "slow" ? "wrong" : "right")"), channel: 0)
        #expect(client.take() == [])
        let check = try #require(rig.takeLoginChecks().first)
        rig.step(.loginChecked(client.id, isRight: check.run()))
        #expect(client.takeClose()?.code == .accessRefused)
        #expect(client.isEnded)
    }

    @Test("Whoever leaves, or is given up, before the password was checked is gone")
    func goneMeanwhile() throws {
        let rig = Rig { $0.users.append(Self.slow) }
        let (left, late) = (greeted(rig), greeted(rig))
        for client in [left, late] { client.send(startOk("PLAIN", "\0slow\0right"), channel: 0) }
        left.disconnect()
        rig.advance(by: rig.core.configuration.handshakeTimeout)
        #expect(late.isEnded)
        late.received = []
        for check in rig.takeLoginChecks() {
            rig.step(.loginChecked(check.connection, isRight: true))
        }
        #expect(late.received == [])
    }

    private func heartbeats(_ count: Int) -> [UInt8] {
        var writer = FrameWriter()
        for _ in 0..<count { writer.heartbeat() }
        return writer.take()
    }

    @Test("A password that is known to be right is not checked again")
    func recalled() throws {
        var user = Self.slow
        user.recalls = { $0 == Array("right".utf8) }
        let rig = Rig { $0.users.append(user) }
        for (password, isChecked) in [("right", false), ("wrong", true)] {
            let client = greeted(rig)
            client.received = []
            client.send(startOk("PLAIN", "\0slow\0\(password)"), channel: 0)
            #expect(rig.takeLoginChecks().isEmpty != isChecked)
            #expect(client.take().isEmpty == isChecked)
        }
    }

    @Test("The time for opening a connection is one for all of it, and then its stream is dropped")
    func deadline() throws {
        let rig = Rig { $0.refusalDelay = 3000 }
        let (slow, refused) = (greeted(rig), greeted(rig))
        let timeout = rig.core.configuration.handshakeTimeout
        rig.advance(by: timeout / 2)
        slow.send(startOk("PLAIN", "\0guest\0guest"), channel: 0)
        refused.send(startOk("PLAIN", "\0guest\0wrong"), channel: 0)
        slow.send(ConnectionTuneOk(channelMax: 10, frameMax: 131_072, heartbeat: 0), channel: 0)
        rig.advance(by: timeout / 2 - 1)
        #expect(!slow.isEnded && refused.isEnded && !refused.isGivenUp)
        // It is told that there is no such virtual host, and has no longer to answer that.
        slow.send(ConnectionOpen(virtualHost: "nowhere"), channel: 0)
        #expect(slow.takeClose()?.code == .notAllowed)
        rig.advance(by: 1)
        #expect(slow.isEnded && slow.isGivenUp)
    }
}
