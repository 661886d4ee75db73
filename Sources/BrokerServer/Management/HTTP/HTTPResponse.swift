/// The answer to a request.
package struct HTTPResponse: Equatable {
    package var status: Int
    package var headers: [(name: String, value: String)] = []
    package var body: JSON?
    /// A body that is no JSON, and its type.
    package var plain: (text: String, type: String)?

    package init(_ status: Int, _ body: JSON? = nil) {
        self.status = status
        self.body = body
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.status == right.status && left.body == right.body && left.plain?.text == right.plain?.text
            && left.headers.elementsEqual(right.headers, by: ==)
    }

    /// An error as RabbitMQ's management plugin words it.
    static func failure(_ status: Int, _ error: String, _ reason: String) -> HTTPResponse {
        HTTPResponse(status, ["error": .string(error), "reason": .string(reason)])
    }

    /// It may be there, and the user may not see it.
    static func refused(_ reason: String) -> HTTPResponse { failure(401, "not_authorised", reason) }

    static let notFound = failure(404, "Object Not Found", "Not Found")

    private static let phrases = [
        200: "OK", 201: "Created", 204: "No Content", 301: "Moved Permanently", 400: "Bad Request", 401: "Unauthorized",
        404: "Not Found",
        405: "Method Not Allowed",
        413: "Content Too Large", 414: "URI Too Long", 421: "Misdirected Request",
        431: "Request Header Fields Too Large", 501: "Not Implemented",
        503: "Service Unavailable",
        505: "HTTP Version Not Supported",
    ]

    /// On the wire.
    ///
    /// - Parameter withBody: false for HEAD, whose answer has every header and no body.
    package func octets(keepsAlive: Bool, withBody: Bool = true) -> [UInt8] {
        let body = Array((plain?.text ?? self.body?.text ?? "").utf8)
        var head = "HTTP/1.1 \(status) \(Self.phrases[status] ?? "Error")\r\n"
        // What has no content has no length either (RFC 9110, 8.6).
        let length = status == 204 ? [] : [("content-length", String(body.count))]
        let fields =
            length + [
                ("content-type", plain?.type ?? "application/json"),
                ("cache-control", "no-cache"), ("x-content-type-options", "nosniff"),
            ] + headers + (keepsAlive ? [] : [("connection", "close")])
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        return Array((head + "\r\n").utf8) + (withBody ? body : [])
    }
}
