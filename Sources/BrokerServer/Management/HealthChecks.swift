import BrokerCore

/// `/api/health/checks/…` as RabbitMQ's management plugin answers: 200 and `ok`, or 503 and what is wrong.
struct HealthChecks {
    let view: ListingView
    let node: String

    /// nil: there is no such check.
    func answer(_ check: ArraySlice<String>) -> HTTPResponse? {
        switch (check.first, check.count) {
        case ("alarms", 1): alarms(place: "in the cluster")
        case ("local-alarms", 1): alarms(place: "on the node")
        // A broker that is one node without mirrors, and whose virtual hosts live and end with it.
        case ("node-is-mirror-sync-critical", 1), ("node-is-quorum-critical", 1):
            HTTPResponse(200, ["status": "ok", "reason": "single node cluster"])
        case ("virtual-hosts", 1): HTTPResponse(200, ["status": "ok"])
        case ("certificate-expiration", 3):
            certificates(within: check[check.startIndex + 1], unit: check[check.startIndex + 2])
        case ("port-listener", 2): portListener(check.last ?? "")
        case ("protocol-listener", 2): protocolListener(check.last ?? "")
        default: nil
        }
    }

    private func alarms(place: String) -> HTTPResponse {
        let raised = [("disk space", view.broker.diskAlarm), ("memory", view.broker.memoryAlarm)].filter(\.1)
        if raised.isEmpty { return HTTPResponse(200, ["status": "ok"]) }
        return HTTPResponse(
            503,
            [
                "status": "failed", "reason": .string("There are alarms in effect \(place)"),
                "alarms": .array(raised.map { ["node": .string(node), "resource": .string($0.0)] }),
            ])
    }

    /// Nothing here can read a certificate's dates: a client that connects says when the broker's has expired.
    private func certificates(within text: String, unit: String) -> HTTPResponse {
        guard Int(text) != nil else { return .failure(400, "bad_request", "Invalid expiration value.") }
        guard ["days", "weeks", "months", "years"].contains(unit) else {
            return .failure(
                400, "bad_request", "Time unit not recognised. Supported units: days, weeks, months, years.")
        }
        return HTTPResponse(200, ["status": "ok"])
    }

    private func portListener(_ text: String) -> HTTPResponse {
        guard let port = Int(text) else { return .failure(400, "bad_request", "Invalid port") }
        let ports = view.listeners.map(\.port)
        if ports.contains(port) { return HTTPResponse(200, ["status": "ok", "port": JSON(port)]) }
        return HTTPResponse(
            503,
            [
                "status": "failed", "reason": "No active listener", "missing": JSON(port),
                "ports": .array(ports.map(JSON.init)),
            ])
    }

    private func protocolListener(_ name: String) -> HTTPResponse {
        // The listing itself is asked over HTTP.
        let spoken = Set(view.listeners.map(\.protocolName)).sorted() + ["http"]
        let meant =
            switch name {
            case "amqp091", "amqp0.9.1": "amqp"
            case "amqps": "amqp/ssl"
            default: name
            }
        if spoken.contains(meant) { return HTTPResponse(200, ["status": "ok", "protocol": .string(meant)]) }
        return HTTPResponse(
            503,
            [
                "status": "failed", "reason": "No active listener", "missing": .string(name),
                "protocols": .array(spoken.map(JSON.string)),
            ])
    }
}
