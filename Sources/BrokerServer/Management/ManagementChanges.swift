import BrokerCore

/// Requests that change something: policies, definitions, and what is in queues. Paths, rights and words are those of RabbitMQ's
/// management plugin (3.10.8, 4.0.5).
struct ManagementChanges {
    let source: ListingAPI.Source
    let user: BrokerConfiguration.User

    /// - Parameter path: the path's segments behind `api`
    /// - Returns: nil: nothing can be changed there
    func answer(_ request: HTTPRequest, _ path: [String]) -> HTTPResponse? {
        switch (request.method, path.first, path.count) {
        case ("PUT", "policies", 3): setPolicy(path[2], in: path[1], request)
        case ("DELETE", "policies", 3): clearPolicy(path[2], in: path[1])
        case ("POST", "definitions", 1...2), ("PUT", "definitions", 1...2):
            define(request, virtualHost: path.count > 1 ? path[1] : nil)
        case ("DELETE", "queues", 3):
            inVirtualHost(path[1]) {
                change(
                    .delete(
                        queue: path[2], virtualHost: path[1], user: user.name,
                        ifEmpty: request.parameter("if-empty") == "true",
                        ifUnused: request.parameter("if-unused") == "true"))
            }
        case ("DELETE", "queues", 4) where path[3] == "contents":
            inVirtualHost(path[1]) { change(.purge(queue: path[2], virtualHost: path[1], user: user.name)) }
        default: nil
        }
    }

    private static func wrong(_ reason: String) -> HTTPResponse { .failure(400, "bad_request", reason) }

    /// To who may not open it, a virtual host is as if it were not there.
    private func inVirtualHost(_ name: String, _ body: () -> HTTPResponse) -> HTTPResponse {
        user.isAdministrator || user.mayOpen(name) ? body() : .notFound
    }

    private func change(_ change: BrokerChange) -> HTTPResponse {
        guard let refusal = source.change([change]).first?.refusal else { return HTTPResponse(204) }
        switch refusal.kind {
        case .missing: return .notFound
        case .forbidden: return .refused("Access refused.")
        case .wrong: return Self.wrong(refusal.reason)
        }
    }

    // MARK: Policies

    private func setPolicy(_ name: String, in host: String, _ request: HTTPRequest) -> HTTPResponse {
        guard user.isPolicymaker else { return .refused("User not authorised to access object") }
        guard let view = source.look([], nil), view.broker.virtualHosts.contains(host) else {
            return .failure(404, "not_found", "vhost_not_found")
        }
        guard user.isAdministrator || user.mayOpen(host) else {
            return .refused("User not authorised to access virtual host")
        }
        guard let body = try? JSON(request.body.isEmpty ? Array("{}".utf8) : request.body) else {
            return Self.wrong("not_json")
        }
        let missing = ["pattern", "definition"].filter { body[$0] == nil }
        guard missing.isEmpty else {
            return Self.wrong("[\(missing.map { "{key_missing,\($0)}" }.joined(separator: ","))]")
        }
        let place = JSONPlace("", body)
        do throws(JSONPlace.Malformed) {
            let policy = try DefinitionsFile.policy(
                place, name: name, in: host, definition: place.table("definition"), in: view.broker.dialect)
            if let refusal = source.change([.setPolicy(policy)]).first?.refusal {
                return refusal.kind == .wrong ? Self.invalid(refusal.reason) : .notFound
            }
            let isThere = view.broker.policies.contains { $0.virtualHost == host && $0.name == name }
            return HTTPResponse(isThere ? 204 : 201)
        } catch {
            let isType = error.reason.hasPrefix("it is ")
            return Self.invalid("\(isType ? "\(error.place): " : "")\(error.reason)")
        }
    }

    private static func invalid(_ reason: String) -> HTTPResponse { wrong("Validation failed\n\n\(reason)\n") }

    private func clearPolicy(_ name: String, in host: String) -> HTTPResponse {
        guard user.isPolicymaker else { return .refused("User not authorised to access object") }
        return inVirtualHost(host) { change(.clearPolicy(name, virtualHost: host)) }
    }

    // MARK: Definitions

    private func define(_ request: HTTPRequest, virtualHost: String?) -> HTTPResponse {
        guard user.isAdministrator else { return .refused("Not administrator user") }
        do throws(DefinitionsFile.Malformed) {
            try source.define(DefinitionsFile(request.body, virtualHost: virtualHost), virtualHost == nil)
            return HTTPResponse(204)
        } catch { return Self.wrong("\(error)") }
    }
}
