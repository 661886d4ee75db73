import BrokerCore
import BrokerServer
import Commands

/// One of the lists that `broker list-…` prints, as `rabbitmqctl list_…` prints it (3.10.8): same title, same columns,
/// separated by tabs.
///
/// Where rabbitmqctl has a process id of the Erlang machine (`channel_pid`), here stands the channel's name.
struct Listing {
    /// Behind `list-`.
    let name: String
    /// The last part of the API's path, before the virtual host.
    let resource: String
    let hasVirtualHost: Bool
    private let title: String
    /// rabbitmqctl's name of each column, and where it is in the API's JSON.
    private let paths: [String: String]
    let defaultColumns: [String]

    static let all = [
        Listing(
            name: "queues", resource: "queues", hasVirtualHost: true,
            // Only this list has the first line.
            title: "Timeout: 60.0 seconds ...\nListing queues for vhost % ...",
            paths: same([
                "name", "durable", "auto_delete", "arguments", "policy", "exclusive", "exclusive_consumer_tag",
                "single_active_consumer_tag", "messages", "messages_ready", "messages_unacknowledged",
                "message_bytes_ready", "consumers", "memory", "state", "type", "leader", "members", "online",
                "effective_policy_definition", "operator_policy",
            ]).merging(["owner_pid": "owner_pid_details.name"]) { $1 },
            defaultColumns: ["name", "messages"]),
        Listing(
            name: "exchanges", resource: "exchanges", hasVirtualHost: true,
            title: "Listing exchanges for vhost % ...",
            paths: same(["name", "type", "durable", "auto_delete", "internal", "arguments", "policy"]),
            defaultColumns: ["name", "type"]),
        Listing(
            name: "bindings", resource: "bindings", hasVirtualHost: true,
            // Without a space, unlike the others.
            title: "Listing bindings for vhost %...",
            paths: [
                "source_name": "source", "source_kind": "", "destination_name": "destination",
                "destination_kind": "destination_type", "routing_key": "routing_key", "arguments": "arguments",
            ],
            defaultColumns: [
                "source_name", "source_kind", "destination_name", "destination_kind", "routing_key", "arguments",
            ]),
        Listing(
            name: "consumers", resource: "consumers", hasVirtualHost: true,
            title: "Listing consumers in vhost % ...",
            paths: same(["consumer_tag", "ack_required", "prefetch_count", "active", "activity_status", "arguments"])
                .merging(["queue_name": "queue.name", "channel_pid": "channel_details.name"]) { $1 },
            defaultColumns: [
                "queue_name", "channel_pid", "consumer_tag", "ack_required", "prefetch_count", "active", "arguments",
            ]),
        Listing(
            name: "connections", resource: "connections", hasVirtualHost: false, title: "Listing connections ...",
            paths: same([
                "name", "user", "vhost", "peer_host", "peer_port", "host", "port", "state", "channels", "protocol",
                "auth_mechanism", "client_properties", "connected_at", "channel_max", "frame_max", "timeout", "ssl",
                "send_pend", "recv_oct", "send_oct", "recv_cnt", "send_cnt", "type",
            ]),
            defaultColumns: ["user", "peer_host", "peer_port", "state"]),
        Listing(
            name: "policies", resource: "policies", hasVirtualHost: true,
            title: "Listing policies for vhost \"%\" ...",
            paths: same(["vhost", "name", "pattern", "apply-to", "definition", "priority"]),
            defaultColumns: ["vhost", "name", "pattern", "apply-to", "definition", "priority"]),
    ]

    private static func same(_ names: [String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, $0) })
    }

    /// As it is typed, with its help.
    var command: Command {
        Command(
            "broker list-\(name)", takes: "[COLUMN]...",
            options: (hasVirtualHost ? [ListCommand.virtualHostOption] : [])
                + [ListCommand.urlOption, ListCommand.quiet, ListCommand.silent, ListCommand.noHead],
            does: "show a running broker's \(name)",
            notes: "The format is that of rabbitmqctl.\nColumns: \(paths.keys.sorted().joined(separator: ", ")).",
            alias: "list_\(name)",
            row: .init(
                "broker list-WHAT [COLUMN]...",
                "show queues, exchanges, consumers and more"))
    }

    func check(_ columns: [String]) throws(UsageError) {
        let unknown = columns.filter { paths[$0] == nil }
        guard unknown.isEmpty else {
            throw UsageError(
                "Info key(s) \(unknown.map(LogEvent.escaped).joined(separator: ",")) are not supported: list-\(name) has "
                    + paths.keys.sorted().joined(separator: ", "))
        }
    }

    func title(for virtualHost: String) -> String {
        title.split(separator: "%", omittingEmptySubsequences: false).joined(separator: LogEvent.escaped(virtualHost))
    }

    /// The path behind `/api`.
    func path(_ columns: [String], virtualHost: String) -> String {
        var path = resource
        if hasVirtualHost { path += "/\(ManagementURL.segment(virtualHost))" }
        // RabbitMQ's numbers are up to five seconds old unless these are all that is asked for.
        let live =
            ["name", "durable", "auto_delete", "arguments", "exclusive", "type"]
            + ["messages", "messages_ready", "messages_unacknowledged"]
        if resource == "queues", columns.allSatisfy(live.contains) {
            path += "?disable_stats=true&enable_queue_totals=true"
        }
        return path
    }

    /// One line for each item, none for no item: then the head is left out too.
    func lines(_ items: [JSON], _ columns: [String], withHead: Bool) -> [String] {
        guard !items.isEmpty else { return [] }
        let rows = items.map { item in
            columns.map { column in
                if column == "source_kind" { return "exchange" }
                let value = item.value(at: paths[column] ?? column)
                // rabbitmqctl prints this as JSON.
                return column == "definition" ? LogEvent.escaped(value?.text ?? "") : Self.cell(value)
            }
        }
        return ((withHead ? [columns] : []) + rows).map { $0.joined(separator: "\t") }
    }

    private static func cell(_ value: JSON?) -> String {
        switch value {
        case nil, .null?: ""
        case .string(let text)?: LogEvent.escaped(text)
        case let value?: term(value)
        }
    }

    /// A value as an Erlang term, which is how rabbitmqctl prints arguments: `[{"x-max-length",10}]`.
    private static func term(_ value: JSON) -> String {
        switch value {
        case .null: "undefined"
        case .bool(let bool): "\(bool)"
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        case .string(let text):
            "\"\(LogEvent.escaped(text).split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\""))\""
        case .array(let elements): "[\(elements.map(term).joined(separator: ","))]"
        case .object(let members):
            "[\(members.map { "{\(term(.string($0.name))),\(term($0.value))}" }.joined(separator: ","))]"
        }
    }
}
