@_spi(Quirks) import BrokerCore
import BrokerServer
import Commands
import TestSupport
import Testing

@testable import broker

@Suite(.watched) struct CommandLineTests {
    @Test func theHelpFitsAScreen() {
        let lines = BrokerProgram.program.help.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 40)
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    private func options(_ words: [String]) throws -> Options { try Options(BrokerProgram.itself.read(words)) }

    /// Every option that the help names is understood, and the other way round.
    @Test func theHelpNamesEveryOption() throws {
        let named = Set(
            BrokerProgram.program.help.split(whereSeparator: { " []|,\n".contains($0) }).filter { $0.hasPrefix("--") }
                .map(String.init))
        let values = [
            "--host": "h", "--port": "1", "--management-port": "off", "--management-host": "m", "--data": "d",
            "--vhost": "v", "--user": "u",
            "--users": "f", "--heartbeat": "1", "--channel-max": "1", "--frame-max": "4096", "--max-message-size": "1",
            "--consumer-timeout": "1", "--handshake-timeout": "1", "--log-level": "debug", "--product": "own",
            "--dialect": "4.0",
            "--output-limit": "1", "--transaction-limit": "1", "--memory-high-water": "1000000000",
            "--disk-free-limit": "0", "--tls-certificate": "c", "--tls-key": "k", "--tls-port": "1", "--tls-ca": "a",
            "--anonymous": "guest", "--trace": "/", "--definitions": "f", "--default-queue-type": "quorum",
            "--quirk": "session.second-mandatory-is-not-returned",
        ]
        #expect(named == Set(values.keys).union(["--no-guest", "--help"]))
        for (option, value) in values {
            #expect(try options([option, value]) == options(["\(option)=\(value)"]))
            if option != "--trace" { #expect(try options([option, value]) != options([]), "\(option) does nothing") }
            #expect(throws: UsageError("\(option) needs a value")) { try options([option]) }
        }
        #expect(try options(["--no-guest"]).withGuest == false)
    }

    @Test func whatIsMeant() throws {
        var options = try self.options([])
        #expect(options.host == "localhost" && options.port == 5672 && options.management == .besideThePort)
        #expect(options.configuration.users.map(\.name) == ["guest"])
        #expect(options.configuration.users.map(\.loopbackOnly) == [true])
        options = try self.options(["--vhost", "a", "--vhost=/", "--vhost", "a", "--no-guest", "--heartbeat", "5"])
        #expect(options.configuration.virtualHosts == ["/", "a"])
        #expect(options.configuration.users.isEmpty)
        #expect(options.configuration.heartbeat == 5)
        #expect(try self.options([]).configuration.product.name == "RabbitMQ")
        #expect(try self.options([]).configuration.product.version == "3.10.8")
        #expect(try self.options(["--product", "own"]).configuration.product == .own)
        let later = try self.options(["--dialect", "4.3"]).configuration
        #expect(later.dialect == .v4_3 && later.product.version == "4.3.6")
        #expect(try self.options(["--management-port", "0"]).management == .port(0))
        #expect(try self.options([]).configuration.store.diskFreeLimit == 50_000_000)
        options = try self.options(["--disk-free-limit", "1000", "--anonymous=guest", "--trace", "b", "--vhost", "b"])
        #expect(options.configuration.store.diskFreeLimit == 1000)
        #expect(options.configuration.anonymousUser == "guest")
        #expect(options.configuration.tracedVirtualHosts == ["b"])
    }

    @Test(arguments: [
        ["foo"], ["--foo"], ["-x"], ["--port", "x"], ["--port", "-1"], ["--port", "65536"], ["--port="],
        ["--port", "99999999999999999999"], ["--management-port", "on"], ["--channel-max", "0"],
        ["--frame-max", "4095"],
        ["--heartbeat", "65536"], ["--log-level", "loud"], ["--product", "garagemq"],
        ["--dialect", "4"], ["--vhost", ""], ["--user", ""],
        ["--no-guest=1"],
        ["--user", "a", "--user", "a"], ["--trace", "b"], ["--disk-free-limit", "-1"], ["--anonymous", ""],
        ["--vhost", String(repeating: "v", count: 256)], [""],
    ])
    func whatIsNotUnderstood(_ words: [String]) {
        #expect(throws: UsageError.self) { try options(words) }
    }

    @Test func aQuirkIsOneThatThereIs() throws {
        #if DEBUG
            #expect(try options(["--quirk", "core.deleted-queue-keeps-its-routes"]).configuration.quirks != nil)
            #expect(try options([]).configuration.quirks == nil)
            let unknown = UsageError("there is no quirk 'core.'; --quirk list names them all")
            #expect(throws: unknown) { try options(["--quirk", "core."]) }
            let names = Quirks.names
            #expect(names.count == Set(names).count)
            let form = /(?:base|core|queue|quorum|reported|routing|session|store)\.[a-z0-9-]+/
            for name in names { #expect(name.wholeMatch(of: form) != nil) }
        #else
            let reason = "--quirk is for debug builds: a release build has no quirks"
            #expect(throws: UsageError(reason)) { try options(["--quirk", "core.deleted-queue-keeps-its-routes"]) }
        #endif
    }

    @Test func aComplaintCannotDriveTheTerminal() {
        let error = #expect(throws: UsageError.self) { try self.options(["--port", "\u{1B}[31m\n"]) }
        #expect(error?.reason.contains("\u{1B}") == false)
    }

    @Test func whoHoldsAPort() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1628 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0 100 0
               1: 0100007F:1628 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 12346 1 0 20 0
               2: 0100007F:1629 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12347 1 0 100 0
               3: short line
            """
        #expect(PortHolder.sockets(listeningOn: 5672, in: table) == ["12345"])
        #expect(PortHolder.sockets(listeningOn: 1, in: table) == [])
        #expect(PortHolder.sockets(listeningOn: 5672, in: "") == [])
    }

    // MARK: Lists

    @Test(arguments: [
        ("http://h", "guest", "guest", "h", 15672, ""), ("http://a:b%2F%40@h:1/", "a", "b/@", "h", 1, ""),
        ("http://a@[::1]:80/x/", "a", "", "::1", 80, "/x"), ("http://[::1]", "guest", "guest", "::1", 15672, ""),
        ("http://a:b@c@h", "a", "b@c", "h", 15672, ""),
    ])
    func urls(_ text: String, _ user: String, _ password: String, _ host: String, _ port: Int, _ prefix: String) throws
    {
        let url = try ManagementURL(text)
        #expect(url.user == user && url.password == password && url.host == host)
        #expect(url.port == port && url.prefix == prefix)
    }

    @Test(arguments: [
        "", "h", "https://h", "http://", "http://h:0", "http://h:x", "http://h:65536", "http://%zz@h", "http://a b",
        "http://h\r\nX: y",
    ])
    func whatIsNoURL(_ text: String) {
        #expect(throws: ManagementURL.Malformed.self) { try ManagementURL(text) }
    }

    @Test func anErrorNeverShowsThePassword() throws {
        #expect(try ManagementURL("http://a:secret@h").text == "http://h:15672")
    }

    @Test func linesAreRabbitMQCtls() throws {
        let bindings = try #require(Listing.all.first { $0.name == "bindings" })
        #expect(bindings.title(for: "/") == "Listing bindings for vhost /...")
        let items: [JSON] = [
            [
                "source": "", "vhost": "/", "destination": "q", "destination_type": "queue", "routing_key": "q",
                "arguments": [:],
            ],
            [
                "source": "x", "vhost": "/", "destination": "y", "destination_type": "exchange", "routing_key": "a\tb",
                "arguments": ["x": 1, "y": "a\"b", "z": [true, ["w": nil]]],
            ],
        ]
        #expect(
            bindings.lines(items, bindings.defaultColumns, withHead: true) == [
                "source_name\tsource_kind\tdestination_name\tdestination_kind\trouting_key\targuments",
                "\texchange\tq\tqueue\tq\t[]",
                #"x\#texchange\#ty\#texchange\#ta\u{9}b\#t[{"x",1},{"y","a\"b"},{"z",[true,[{"w",undefined}]]}]"#,
            ])
        let queues = try #require(Listing.all.first { $0.name == "queues" })
        #expect(queues.title(for: "v") == "Timeout: 60.0 seconds ...\nListing queues for vhost v ...")
        #expect(queues.lines([], ["name"], withHead: true) == [])
        #expect(queues.lines([["name": "q"]], ["name", "messages"], withHead: false) == ["q\t"])
        #expect(throws: UsageError.self) { try queues.check(["name", "nope"]) }
        guard case .run(let name, _) = try BrokerProgram.program.read(["list_queues", "name"]) else { return }
        #expect(name == "broker list-queues")
    }

    @Test func optionsOfLists() throws {
        let queues = try #require(Listing.all.first { $0.name == "queues" })
        func list(_ words: [String], environmentURL: String? = nil) throws -> ListCommand {
            try ListCommand(queues, queues.command.read(words), environmentURL: environmentURL)
        }
        var command = try list([])
        #expect(command.columns == ["name", "messages"] && command.virtualHost == "/" && command.url.port == 15672)
        command = try list(
            ["name", "-p", "v/w", "--url=http://h:1", "-s"], environmentURL: "http://other")
        #expect(command.columns == ["name"] && command.url.host == "h" && command.isQuiet && !command.hasHead)
        #expect(queues.path(["consumers"], virtualHost: "v/w ö") == "queues/v%2Fw%20%C3%B6")
        #expect(try list([], environmentURL: "http://other").url.host == "other")
        for wrong in [["nope"], ["--nope"], ["--url"], ["--url", "x"], ["-p"]] {
            #expect(throws: UsageError.self, "\(wrong)") { try list(wrong) }
        }
    }
}
