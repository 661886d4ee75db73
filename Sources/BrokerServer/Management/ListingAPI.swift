import BrokerCore

/// Answers requests for lists, at the paths and in the words of RabbitMQ's management plugin; ``ManagementChanges`` answers those
/// that change something.
///
/// It holds no state. Of each request it asks for the user that it names, and, if the password is right, for one
/// snapshot, which the whole answer is made of.
struct ListingAPI: Sendable {
    let source: Source

    /// - Parameter user: whose request it is; nil: nobody's who may log in.
    func answer(_ request: HTTPRequest, by user: BrokerConfiguration.User?) -> HTTPResponse {
        guard let user else {
            var response = HTTPResponse.failure(401, "not_authorized", "Login failed")
            response.headers.append(("www-authenticate", "Basic realm=\"\(BrokerProduct.name)\""))
            return response
        }
        let isMetrics = request.path == ["metrics"]
        let page = LivePage.files[request.path.joined(separator: "/")]
        let isOfThePage = page != nil || ["events", "peek"].contains(request.path.first)
        guard request.path.first == "api" && request.path != ["api", "metrics"] || isMetrics || isOfThePage else {
            return .notFound
        }
        guard user.mayManage else { return .refused("Not management user") }
        let path = isMetrics ? request.path : Array(request.path.dropFirst())
        guard request.method == "GET" || request.method == "HEAD" else {
            guard !request.isOfAnotherSite else { return .refused("a page of another site can change nothing here") }
            if let answer = ManagementChanges(source: source, user: user).answer(request, path) { return answer }
            var response = HTTPResponse.failure(405, "method_not_allowed", "nothing can be changed there: GET or HEAD")
            response.headers.append(("allow", "GET, HEAD"))
            return response
        }
        if isOfThePage {
            return LivePage.response(request.path)
                ?? (request.path.first == "peek" ? peek(request.path, by: user) : .notFound)
        }
        // The virtual host, where a path names one: what is listed of one that is not there is not found either.
        let isInVirtualHost =
            path.count > 1
            && ["queues", "exchanges", "bindings", "consumers", "aliveness-test", "policies"].contains(path[0])
        guard let view = source.look(Self.parts(of: path), isInVirtualHost ? path[1] : nil) else { return .notFound }
        if isInVirtualHost {
            guard view.broker.virtualHosts.contains(path[1]) else { return .notFound }
            guard user.isAdministrator || user.mayOpen(path[1]) else {
                return .refused("User not authorised to access virtual host")
            }
        }
        if !user.isAdministrator {
            switch (path.first, path.count) {
            case ("vhosts", 2), ("users", _), ("permissions", _), ("definitions", _):
                return .refused("Not administrator user")
            case ("nodes", _) where !user.isMonitor: return .refused("Not monitor user")
            default: break
            }
        }
        return ListingAnswer(view: view.seen(by: user), user: user).response(path, request)
    }
}
