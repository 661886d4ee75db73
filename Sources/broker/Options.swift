@_spi(Quirks) import BrokerCore
import BrokerServer
import Commands

/// What `broker` is told on its command line to run as.
struct Options: Equatable {
    var host = "localhost"
    var port = 5672
    var management = Management.besideThePort
    /// Names by which the listing API may be asked, beside localhost.
    var managementHosts: [String] = []
    var tlsCertificate: String?
    var tlsKey: String?
    var tlsPort: Int?
    var tlsCA: String?
    var virtualHosts: [String] = []
    /// Users whose passwords are asked for at the start.
    var users: [String] = []
    var usersFile: String?
    var definitionsFile: String?
    var defaultQueueType: String?
    var withGuest = true
    /// The user that clients without a password are logged in as.
    var anonymousUser: String?
    var tracedVirtualHosts: [String] = []
    var dataDirectory: String?
    var heartbeat: UInt16?
    /// Milliseconds.
    var handshakeTimeout: Int64?
    var channelMax: UInt16?
    var frameMax: UInt32?
    var consumerTimeout: Int64?
    var maximumMessageSize: UInt64?
    /// Octets.
    var memoryHighWater: Int?
    /// Octets.
    var diskFreeLimit: Int?
    /// Octets.
    var outputLimit: Int?
    /// Octets.
    var transactionLimit: Int?
    var dialect = Dialect.v3_10
    /// Clients are told that they speak to RabbitMQ.
    var announcesRabbitMQ = true
    /// What the broker is to be wrong about, to try what notices it.
    var quirk: String?
    var logLevel = LogEvent.Level.info

    /// Where the listing API is.
    enum Management: Equatable {
        /// 10000 above the broker's own port, as 15672 is above 5672; a free one when that was left to the system.
        case besideThePort
        case port(Int)
        case off
    }
}

extension Options {
    init(_ given: Arguments) throws(UsageError) {
        typealias Name = BrokerProgram
        host = given.text(Name.host) ?? host
        port = try given.integer(Name.port, in: 0...65535) ?? port
        management = try given.management() ?? management
        managementHosts = try given.shortNames(Name.managementHost)
        tlsCertificate = given.text(Name.tlsCertificate)
        tlsKey = given.text(Name.tlsKey)
        tlsPort = try given.integer(Name.tlsPort, in: 0...65535)
        tlsCA = given.text(Name.tlsCA)
        virtualHosts = try given.shortNames(Name.virtualHost)
        users = try given.shortNames(Name.user)
        usersFile = given.text(Name.users)
        definitionsFile = given.text(Name.definitions)
        defaultQueueType = try given.queueType()
        withGuest = !given.has(Name.noGuest)
        anonymousUser = try given.shortNames(Name.anonymous).last
        tracedVirtualHosts = try given.shortNames(Name.trace)
        dataDirectory = given.text(Name.data)
        heartbeat = try given.number(Name.heartbeat, in: 0...UInt16.max)
        handshakeTimeout = try given.number(Name.handshakeTimeout, in: 1...Int64.max / 2)
        channelMax = try given.number(Name.channelMax, in: 1...UInt16.max)
        // 4096 is what the specification lets every peer count on; a signed 32-bit number is what many clients read.
        frameMax = try given.number(Name.frameMax, in: 4096...0x7FFF_FFFF)
        consumerTimeout = try given.number(Name.consumerTimeout, in: 0...Int64.max / 2)
        maximumMessageSize = try given.number(Name.maxMessageSize, in: 0...536_870_912)
        memoryHighWater = try given.memory()
        diskFreeLimit = try given.integer(Name.diskFreeLimit)
        outputLimit = try given.integer(Name.outputLimit, in: 1...Int.max)
        transactionLimit = try given.integer(Name.transactionLimit, in: 1...Int.max)
        if let text = given.text(Name.dialect) {
            guard let dialect = Dialect(named: text) else {
                throw UsageError("--dialect takes one of \(Dialect.names), not \(LogEvent.quoted(text))")
            }
            self.dialect = dialect
        }
        if let text = given.text(Name.product) {
            switch text {
            case "rabbitmq": announcesRabbitMQ = true
            case "own": announcesRabbitMQ = false
            default: throw UsageError("--product takes rabbitmq or own, not \(LogEvent.quoted(text))")
            }
        }
        if let text = given.text(Name.logLevel) {
            guard let level = LogEvent.Level(rawValue: text) else {
                let levels = LogEvent.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--log-level takes one of \(levels), not \(LogEvent.quoted(text))")
            }
            logLevel = level
        }
        quirk = try given.quirk()
        if Set(users).count < users.count { throw UsageError("--user names the same user twice") }
        if let unknown = tracedVirtualHosts.first(where: { $0 != "/" && !virtualHosts.contains($0) }) {
            let name = LogEvent.quoted(unknown)
            throw UsageError("--trace names virtual host \(name), which does not exist without --vhost \(name)")
        }
    }

    /// The core's part of it; users are not among it.
    var configuration: BrokerConfiguration {
        var configuration = BrokerConfiguration()
        for name in virtualHosts where !configuration.virtualHosts.contains(name) {
            configuration.virtualHosts.append(name)
        }
        if !withGuest { configuration.users = [] }
        if let heartbeat { configuration.heartbeat = heartbeat }
        if let handshakeTimeout { configuration.handshakeTimeout = handshakeTimeout }
        if let channelMax { configuration.channelMax = channelMax }
        if let frameMax { configuration.frameMax = frameMax }
        if let consumerTimeout { configuration.consumerTimeout = consumerTimeout }
        configuration.maximumMessageSize = maximumMessageSize
        configuration.memoryHighWater = memoryHighWater
        configuration.anonymousUser = anonymousUser
        configuration.defaultQueueType = defaultQueueType
        configuration.tracedVirtualHosts = Set(tracedVirtualHosts)
        if let diskFreeLimit { configuration.store.diskFreeLimit = diskFreeLimit }
        if let outputLimit { configuration.outputLimit = outputLimit }
        if let transactionLimit { configuration.transactionLimit = transactionLimit }
        configuration.dialect = dialect
        configuration.product = announcesRabbitMQ ? .rabbitMQ(dialect) : .own
        configuration.logLevel = logLevel
        #if DEBUG
            configuration.quirks = quirk.map { QuirkWatch($0) }
        #endif
        return configuration
    }
}

extension Arguments {
    fileprivate func management() throws(UsageError) -> Options.Management? {
        guard let text = text(BrokerProgram.managementPort) else { return nil }
        if text == "off" { return .off }
        guard let port = Int(text), (0...65535).contains(port) else {
            throw UsageError("--management-port takes a port from 0 to 65535, or off, not \(LogEvent.quoted(text))")
        }
        return .port(port)
    }

    fileprivate func queueType() throws(UsageError) -> String? {
        guard let type = text(BrokerProgram.defaultQueueType) else { return nil }
        guard ["classic", "quorum", "stream"].contains(type) else {
            throw UsageError("--default-queue-type takes classic, quorum or stream, not \(LogEvent.quoted(type))")
        }
        return type
    }

    fileprivate func quirk() throws(UsageError) -> String? {
        guard let name = text(BrokerProgram.quirk) else { return nil }
        if Quirks.names.isEmpty { throw UsageError("--quirk is for debug builds: a release build has no quirks") }
        guard Quirks.names.contains(name) else {
            throw UsageError("there is no quirk \(LogEvent.quoted(name)); --quirk list names them all")
        }
        return name
    }

    /// Octets, given as such or as a share of the machine's memory in percent.
    fileprivate func memory() throws(UsageError) -> Int? {
        let option = BrokerProgram.memoryHighWater
        guard let text = text(option) else { return nil }
        if text.hasSuffix("%"), let percent = Int(text.dropLast()), (1...100).contains(percent) {
            guard let memory = Machine.memory else {
                throw UsageError(
                    "\(option.name) needs a number of bytes here: the system doesn't say how much memory it has")
            }
            return memory / 100 * percent
        }
        guard let octets = Int(text), octets > 0 else {
            throw UsageError("\(option.name) takes a number of bytes, or 1% to 100%, not \(LogEvent.quoted(text))")
        }
        return octets
    }

    /// Names that fit into a short string of the protocol.
    fileprivate func shortNames(_ option: Option) throws(UsageError) -> [String] {
        for name in texts(option) where !(1...255).contains(name.utf8.count) {
            throw UsageError("\(option.name) takes a name of 1 to 255 bytes")
        }
        return texts(option)
    }
}
