import Platform
import AMQPTLS
import AMQPTransport
import BrokerCore
import BrokerServer
import Commands
import Dispatch

/// Runs a broker until it is told to stop.
enum Serve {
    /// How long clients get to answer that their connection is closed, in milliseconds.
    private static let patience = 1000

    static func run(_ options: Options) -> Never {
        BrokenInvariant.endsTheProcess = false
        let signals = Signals([SIGTERM] + [SIGINT, SIGHUP].filter { !Signals.isIgnored($0) })
        signal(SIGPIPE, SIG_IGN)
        let descriptors = Machine.raiseDescriptorLimit()
        Machine.reserveDescriptorTable()
        var configuration = options.configuration
        let definitions = options.definitionsFile.map { DefinitionsInput.parsed(DefinitionsInput.read($0), $0) }
        configuration.users = Users.collect(options, defined: definitions?.users ?? [])
        if let name = configuration.anonymousUser, !configuration.users.contains(where: { $0.name == name }) {
            Console.fail("--anonymous names \(LogEvent.quoted(name)), which is not a user: add --user NAME")
        }
        let log = LogWriter()
        let broker = open(configuration, options, log)
        if let definitions { define(definitions, in: broker, options, log) }
        let port = listen(broker, options)
        let tlsPort = listenForTLS(broker, options)
        let managementPort = listenForManagement(broker, options, log)
        Console.print(
            greeting(options, port: port, tlsPort: tlsPort, managementPort: managementPort, users: configuration.users))
        warn(options, configuration.users, log)
        if configuration.logLevel.map({ $0 <= .info }) ?? false {
            log.write(
                LogEvent(
                    .info, at: broker.now,
                    "up to \(broker.mostConnections) clients at a time: the limit of open files is "
                        + (descriptors < Machine.descriptorLimit ? "raised from \(descriptors) to " : "")
                        + "\(Machine.descriptorLimit)"))
        }

        let name = name(of: signals.next())
        // The next one ends the process at once.
        signals.letGo()
        log.write(
            LogEvent(
                .info, at: broker.now, "\(name): closing \(LogEvent.counted(broker.connectionCount, "connection"))"))
        let empty = DispatchSemaphore(value: 0)
        broker.shutDown { empty.signal() }
        if empty.wait(timeout: .now() + .milliseconds(patience)) == .timedOut {
            log.write(
                LogEvent(
                    .warning, at: broker.now,
                    "\(LogEvent.counted(broker.connectionCount, "client")) did not answer: not waiting any longer"))
        }
        log.flush(milliseconds: 200)
        exit(0)
    }

    /// Declares what a file has, before the first client can come.
    private static func define(
        _ definitions: DefinitionsFile, in broker: Broker, _ options: Options, _ log: LogWriter
    ) {
        do throws(DefinitionsFile.Malformed) {
            // The users are there already.
            try broker.define(definitions, withUsers: false)
        } catch { DefinitionsInput.fail(error, options.definitionsFile ?? "") }
        if options.logLevel <= .info {
            log.write(LogEvent(.info, at: broker.now, "definitions: \(definitions.summary)"))
        }
    }

    private static func name(of signal: Int32) -> String {
        switch signal {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        default: "SIGHUP"
        }
    }

    private static func open(_ configuration: BrokerConfiguration, _ options: Options, _ log: LogWriter) -> Broker {
        guard let directory = options.dataDirectory else { return Broker(configuration, log: { log.write($0) }) }
        do throws(StoreError) {
            return try Broker(configuration, data: directory, log: { log.write($0) })
        } catch {
            log.flush(milliseconds: 200)
            Console.fail(LogEvent.escaped("\(error)"))
        }
    }

    private static func listen(_ broker: Broker, _ options: Options) -> Int {
        do throws(TransportError) {
            return try broker.listen(host: options.host, port: options.port)
        } catch {
            fail(error, port: options.port, option: BrokerProgram.port)
        }
    }

    private static func fail(_ error: TransportError, port: Int, option: Option) -> Never {
        guard case .addressInUse = error else { Console.fail("\(error)") }
        let holder = PortHolder.find(port: port).map { "by \(LogEvent.escaped($0))" } ?? "by another program"
        Console.fail(
            "port \(port) is already in use \(holder). Stop it, or take another port: broker \(option.name) "
                + "\(port == 65535 ? 0 : port + 1)")
    }

    /// The port for TLS; nil: there is none.
    private static func listenForTLS(_ broker: Broker, _ options: Options) -> Int? {
        guard let certificate = options.tlsCertificate else {
            if options.tlsKey != nil || options.tlsPort != nil || options.tlsCA != nil {
                Console.fail("TLS needs a certificate: --tls-certificate FILE")
            }
            return nil
        }
        let port = options.tlsPort ?? 5671
        do {
            return try broker.listen(
                host: options.host, port: port,
                tls: TLSServerConfiguration(
                    certificateFile: certificate, keyFile: options.tlsKey ?? certificate,
                    caCertificateFile: options.tlsCA))
        } catch let error as TransportError {
            fail(error, port: port, option: BrokerProgram.tlsPort)
        } catch {
            Console.fail(LogEvent.escaped("\(error)"))
        }
    }

    /// The listing API's port; nil: there is none.
    private static func listenForManagement(_ broker: Broker, _ options: Options, _ log: LogWriter) -> Int? {
        let port: Int
        switch options.management {
        case .off: return nil
        case .port(let given): port = given
        case .besideThePort: port = options.port == 0 ? 0 : options.port + 10_000
        }
        do throws(TransportError) {
            return try broker.listenForManagement(port: port, names: options.managementHosts)
        } catch {
            let reason: String
            if case .addressInUse = error, let holder = PortHolder.find(port: port) {
                reason = "port \(port) is already in use by \(LogEvent.escaped(holder))"
            } else {
                reason = "\(error)"
            }
            if case .port = options.management {
                Console.fail("\(reason). Take another for the listing API, or none: --management-port PORT|off")
            }
            // Nobody asked for it by name, and everything else works without.
            log.write(LogEvent(.warning, at: broker.now, "no listing API: \(reason) (--management-port PORT|off)"))
            return nil
        }
    }

    /// The one line at the start: where, what of it lasts, who.
    private static func greeting(
        _ options: Options, port: Int, tlsPort: Int?, managementPort: Int?, users: [BrokerConfiguration.User]
    ) -> String {
        let host =
            switch options.host {
            case "localhost": "127.0.0.1"
            case "": "0.0.0.0"
            case let host where host.contains(":"): "[\(host)]"
            case let host: host
            }
        let names = users.prefix(3).map { user in
            LogEvent.escaped(user.name) + (user.loopbackOnly ? ", from this machine only" : "")
        }
        let more = users.count > 3 ? " and \(users.count - 3) more" : ""
        let storage = options.dataDirectory.map { "data in \(LogEvent.escaped($0))" } ?? "in memory"
        let listings = managementPort.map { "; live page and listings on http://127.0.0.1:\($0)" } ?? ""
        let tls = tlsPort.map { "; TLS on amqps://\(host):\($0)" } ?? ""
        return " [*] Broker listening on amqp://\(host):\(port)/ (\(storage); "
            + "\(users.count == 1 ? "user" : "users") \(names.joined(separator: "; "))\(more)\(listings)\(tls)). "
            + "To exit press CTRL+C"
    }

    private static func warn(_ options: Options, _ users: [BrokerConfiguration.User], _ log: LogWriter) {
        if !["localhost", "::1"].contains(options.host), !options.host.hasPrefix("127."),
            users.allSatisfy(\.loopbackOnly)
        {
            log.write(
                LogEvent(
                    .warning, at: SystemTime().now,
                    "nobody can log in from another machine: guest may not, and there is no other user (--user NAME)"))
        }
    }
}
