import AMQPWire
import BrokerCore

/// A value of a JSON text, and the way to it: `queues[3].arguments`. What is read from it is checked, and what is wrong says
/// where.
struct JSONPlace {
    let path: String
    let value: JSON

    /// What is wrong with a text, and where.
    struct Malformed: Error, Equatable {
        var place: String
        var reason: String
    }

    init(_ path: String, _ value: JSON) {
        self.path = path
        self.value = value
    }

    func malformed(_ reason: String, at name: String = "") -> Malformed {
        Malformed(place: Self.path(path, name), reason: reason)
    }

    private static func path(_ path: String, _ name: String) -> String {
        let shown = LogEvent.escaped(name)
        return path.isEmpty || name.isEmpty ? path + shown : "\(path).\(shown)"
    }

    /// The elements of a member that is a list; none when it is not there.
    func list(_ name: String) throws(Malformed) -> [JSONPlace] {
        guard let member = value[name] else { return [] }
        guard let elements = member.elements else { throw malformed("it is not a list", at: name) }
        return elements.enumerated().map { JSONPlace("\(Self.path(path, name))[\($0.offset)]", $0.element) }
    }

    private func member(_ name: String) -> JSON? {
        guard let value = value[name], value != .null else { return nil }
        return value
    }

    func text(_ name: String) throws(Malformed) -> String {
        guard let text = try optionalText(name) else { throw malformed("it is missing", at: name) }
        return text
    }

    func optionalText(_ name: String) throws(Malformed) -> String? {
        guard let member = member(name) else { return nil }
        guard let text = member.string else { throw malformed("it is not a text", at: name) }
        return text
    }

    /// A text that fits into a short string of the protocol.
    func name(_ name: String) throws(Malformed) -> ShortString {
        guard let short = try? ShortString(text(name)) else {
            _ = try text(name)
            throw malformed("it has more than \(ShortString.maximumCount) octets", at: name)
        }
        return short
    }

    func bool(_ name: String, else standard: Bool) throws(Malformed) -> Bool {
        guard let member = member(name) else { return standard }
        guard case .bool(let bool) = member else { throw malformed("it is neither true nor false", at: name) }
        return bool
    }

    func integer(_ name: String, else standard: Int64) throws(Malformed) -> Int64 {
        switch member(name) {
        case nil: return standard
        case .integer(let integer)?: return integer
        case .number(let number)? where number == number.rounded() && abs(number) < 1e15: return Int64(number)
        default: throw malformed("it is not a whole number", at: name)
        }
    }

    /// An object as a field table; an empty list, which RabbitMQ writes for an empty one here and there, is one too.
    func table(_ name: String) throws(Malformed) -> FieldTable {
        guard let member = member(name), member != .array([]) else { return [:] }
        guard case .object = member else { throw malformed("it is not an object", at: name) }
        do throws(Wrong) {
            return try Self.field(member).table ?? [:]
        } catch {
            // The way is put together only now: of a long list, each element would have had a text of its own.
            let way = error.way.reversed().reduce(Self.path(path, name)) { path, step in
                switch step {
                case .element(let place): "\(path)[\(place)]"
                case .member(let name): Self.path(path, name)
                }
            }
            throw Malformed(place: way, reason: error.reason)
        }
    }

    /// What is wrong in a value, and the way out of it.
    private struct Wrong: Error {
        enum Step { case element(Int), member(String) }

        var way: [Step] = []
        let reason: String

        func within(_ step: Step) -> Wrong { Wrong(way: way + [step], reason: reason) }
    }

    /// As RabbitMQ makes arguments of JSON: integers of 64 bits, doubles, long strings.
    private static func field(_ value: JSON) throws(Wrong) -> FieldValue {
        switch value {
        case .null: return .void
        case .bool(let bool): return .bool(bool)
        case .integer(let integer): return .int64(integer)
        case .number(let number): return .double(number)
        case .string(let text): return .string(text)
        case .array(let elements):
            var values: [FieldValue] = []
            for (index, element) in elements.enumerated() {
                do throws(Wrong) { values.append(try field(element)) } catch { throw error.within(.element(index)) }
            }
            return .array(values)
        case .object(let members): return .table(try table(members))
        }
    }

    /// Of two members of one name the last counts, in the place of the first.
    private static func table(_ members: [JSON.Member]) throws(Wrong) -> FieldTable {
        var fields: [FieldTable.Field] = []
        var places: [ShortString: Int] = [:]
        for member in members {
            guard let name = try? ShortString(member.name) else {
                throw Wrong(reason: "a name in it has more than \(ShortString.maximumCount) octets")
            }
            let value: FieldValue
            do throws(Wrong) { value = try field(member.value) } catch { throw error.within(.member(member.name)) }
            if let place = places[name] {
                fields[place].value = value
            } else {
                places[name] = fields.count
                fields.append(.init(name, value))
            }
        }
        return FieldTable(fields)
    }
}
