// A frame as one line for a person: wire logs, traces, failure reports.

extension Frame: CustomStringConvertible {
    /// Channel, method (or kind of frame), and what it carries, with the specification's names:
    ///
    ///     1 basic.publish exchange='logs' routing-key='' mandatory
    ///     1 header body-size=12 delivery-mode=2
    ///     1 body 12 bytes 'Hello World!'
    ///     0 heartbeat
    ///
    /// Bits that are not set, empty tables and absent properties are left out. Whatever a peer sends, this is one line
    /// of at most ``longestDescription`` characters, without control characters, and without the secrets of a login:
    /// of SASL responses only the size shows. A payload that does not parse shows as the error.
    public var description: String {
        let line = "\(channel) \(content)"
        return line.count > Self.longestDescription ? line.prefix(Self.longestDescription - 1) + "…" : line
    }

    /// In characters. Enough for three short strings and their names; only tables and bodies are ever longer.
    public static let longestDescription = 1000

    private var content: String {
        do throws(WireError) {
            switch kind {
            case .method:
                let method = try Method(payload)
                return (["\(method.id)"] + words(of: method.fields)).joined(separator: " ")
            case .header:
                let header = try ContentHeader(payload)
                // Only class basic has content; another class is a mistake worth seeing.
                let start = header.classID == MethodID.basic ? "header" : "header class=\(header.classID)"
                return ([start, "body-size=\(header.bodySize)"] + words(of: header.properties)).joined(separator: " ")
            case .body:
                let shown = payload.prefix(64)
                return "body \(payload.count) bytes \(quoted(shown))" + (shown.count < payload.count ? "…" : "")
            case .heartbeat:
                return "heartbeat"
            }
        } catch {
            return "\(kind) malformed: \(error)"
        }
    }
}

/// The stored properties of a method's fields or of the properties of a message, each as `name=value`.
///
/// By reflection: the names are already the specification's, and a list of them for each of 66 methods would say
/// everything twice. Logging is the only place that pays for it.
private func words(of fields: Any) -> [String] {
    Mirror(reflecting: fields).children.compactMap { label, value in
        guard let label else { return nil }
        let name = specificationName(label)
        return switch value {
        case let value as Bool: value ? name : nil
        case let value as ShortString: "\(name)=\(quoted(value.octets))"
        case let value as FieldTable: value.isEmpty ? nil : "\(name)=\(value)"
        case let value as ReplyCode: "\(name)=\(value.rawValue)"
        case let value as MethodID: value == .none ? nil : "\(name)=\(value)"
        case let value as [UInt8]:
            ["mechanisms", "locales"].contains(name) ? "\(name)=\(quoted(value))" : "\(name)=(\(value.count) octets)"
        case let value as any FixedWidthInteger: "\(name)=\(value)"
        default: nil  // An absent property.
        }
    }
}

/// `routingKey` is the specification's `routing-key`, `correlationID` its `correlation-id`.
private func specificationName(_ label: String) -> String {
    var name = ""
    var wasLowercase = false
    for character in label {
        if character.isUppercase && wasLowercase { name += "-" }
        wasLowercase = character.isLowercase
        name += character.lowercased()
    }
    return name
}
