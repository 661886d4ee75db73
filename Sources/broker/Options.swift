import BrokerCore
import BrokerServer

/// What `broker` is told on its command line to run as.
struct Options: Equatable {
    var host = "localhost"
    var port = 5672
    var management = Management.besideThePort
    var virtualHosts: [String] = []
    /// Users whose passwords are asked for at the start.
    var users: [String] = []
    var usersFile: String?
    var withGuest = true
    /// Whom clients are logged in as that give no password.
    var anonymousUser: String?
    var tracedVirtualHosts: [String] = []
    var dataDirectory: String?
    var heartbeat: UInt16?
    var channelMax: UInt16?
    var frameMax: UInt32?
    var consumerTimeout: Int64?
    var maximumMessageSize: UInt64?
    /// Octets.
    var memoryHighWater: Int?
    /// Octets.
    var diskFreeLimit: Int?
    /// What clients are told that they speak to.
    var product = AnnouncedProduct.rabbitMQ
    var logLevel = LogEvent.Level.info

    /// Where the listing API is.
    enum Management: Equatable {
        /// 10000 above the broker's own port, as 15672 is above 5672; a free one when that was left to the system.
        case besideThePort
        case port(Int)
        case off
    }
}

/// What is wrong with a command line.
struct UsageError: Error, Equatable {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}

/// The command line, word by word.
struct Words {
    private var words: ArraySlice<String>

    init(_ words: [String]) { self.words = words[...] }

    /// The next word, with what follows its `=` as its value if it is an option written so.
    mutating func next() -> (word: String, value: String?)? {
        guard let word = words.popFirst() else { return nil }
        guard word.hasPrefix("--"), let equals = word.firstIndex(of: "=") else { return (word, nil) }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    /// The value of an option: what followed its `=`, or the next word.
    mutating func value(of option: String, _ attached: String?) throws(UsageError) -> String {
        if let attached { return attached }
        guard let value = words.popFirst() else { throw UsageError("\(option) needs a value") }
        return value
    }

    mutating func number<Number: FixedWidthInteger>(
        of option: String, _ attached: String?, in range: ClosedRange<Number>
    ) throws(UsageError) -> Number {
        let text = try value(of: option, attached)
        guard let number = Number(text), range.contains(number) else {
            throw UsageError(
                "\(option) takes a number from \(range.lowerBound) to \(range.upperBound), not "
                    + LogEvent.quoted(text))
        }
        return number
    }
}

extension Options {
    init(_ arguments: [String]) throws(UsageError) {
        var words = Words(arguments)
        while let (word, attached) = words.next() {
            switch word {
            case "--host": host = try words.value(of: word, attached)
            case "--port": port = try words.number(of: word, attached, in: 0...65535)
            case "--management-port":
                let text = try words.value(of: word, attached)
                if text == "off" {
                    management = .off
                } else if let port = Int(text), (0...65535).contains(port) {
                    management = .port(port)
                } else {
                    throw UsageError("\(word) takes a port from 0 to 65535, or off, not \(LogEvent.quoted(text))")
                }
            case "--vhost": virtualHosts.append(try words.shortName(of: word, attached))
            case "--user": users.append(try words.shortName(of: word, attached))
            case "--users": usersFile = try words.value(of: word, attached)
            case "--no-guest": withGuest = false
            case "--anonymous": anonymousUser = try words.shortName(of: word, attached)
            case "--trace": tracedVirtualHosts.append(try words.shortName(of: word, attached))
            case "--data": dataDirectory = try words.value(of: word, attached)
            case "--heartbeat": heartbeat = try words.number(of: word, attached, in: 0...UInt16.max)
            case "--channel-max": channelMax = try words.number(of: word, attached, in: 1...UInt16.max)
            // 4096 is what the specification lets every peer count on; a signed 32-bit number is what many clients read.
            case "--frame-max": frameMax = try words.number(of: word, attached, in: 4096...0x7FFF_FFFF)
            case "--consumer-timeout": consumerTimeout = try words.number(of: word, attached, in: 0...Int64.max / 2)
            case "--max-message-size":
                maximumMessageSize = try words.number(of: word, attached, in: 0...536_870_912)
            case "--memory-high-water": memoryHighWater = try words.memory(of: word, attached)
            case "--disk-free-limit": diskFreeLimit = try words.number(of: word, attached, in: 0...Int.max)
            case "--product":
                switch try words.value(of: word, attached) {
                case "rabbitmq": product = .rabbitMQ
                case "own": product = .own
                case let text: throw UsageError("\(word) takes rabbitmq or own, not \(LogEvent.quoted(text))")
                }
            case "--log-level":
                let text = try words.value(of: word, attached)
                guard let level = LogEvent.Level(rawValue: text) else {
                    let levels = LogEvent.Level.allCases.map(\.rawValue).joined(separator: ", ")
                    throw UsageError("\(word) takes one of \(levels), not \(LogEvent.quoted(text))")
                }
                logLevel = level
            default: throw UsageError("unknown \(word.hasPrefix("-") ? "option" : "word") \(LogEvent.quoted(word))")
            }
            if word == "--no-guest", attached != nil { throw UsageError("--no-guest takes no value") }
        }
        if Set(users).count < users.count { throw UsageError("--user names the same user twice") }
        if let unknown = tracedVirtualHosts.first(where: { $0 != "/" && !virtualHosts.contains($0) }) {
            let name = LogEvent.quoted(unknown)
            throw UsageError("--trace names virtual host \(name), which is not there without --vhost \(name)")
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
        if let channelMax { configuration.channelMax = channelMax }
        if let frameMax { configuration.frameMax = frameMax }
        if let consumerTimeout { configuration.consumerTimeout = consumerTimeout }
        if let maximumMessageSize { configuration.maximumMessageSize = maximumMessageSize }
        configuration.memoryHighWater = memoryHighWater
        configuration.anonymousUser = anonymousUser
        configuration.tracedVirtualHosts = Set(tracedVirtualHosts)
        if let diskFreeLimit { configuration.store.diskFreeLimit = diskFreeLimit }
        configuration.product = product
        configuration.logLevel = logLevel
        return configuration
    }
}

extension Words {
    /// Octets, or a share of the machine's memory in percent.
    fileprivate mutating func memory(of option: String, _ attached: String?) throws(UsageError) -> Int {
        let text = try value(of: option, attached)
        if text.hasSuffix("%"), let percent = Int(text.dropLast()), (1...100).contains(percent) {
            guard let memory = Machine.memory else {
                throw UsageError(
                    "\(option) needs a number of octets here: the system doesn't say how much memory it has")
            }
            return memory / 100 * percent
        }
        guard let octets = Int(text), octets > 0 else {
            throw UsageError("\(option) takes a number of octets, or 1% to 100%, not \(LogEvent.quoted(text))")
        }
        return octets
    }

    /// A name that fits into a short string of the protocol.
    fileprivate mutating func shortName(of option: String, _ attached: String?) throws(UsageError) -> String {
        let name = try value(of: option, attached)
        guard (1...255).contains(name.utf8.count) else {
            throw UsageError("\(option) takes a name of 1 to 255 octets")
        }
        return name
    }
}
