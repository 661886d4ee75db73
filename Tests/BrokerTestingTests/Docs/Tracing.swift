import AMQPClient

enum Trace {
    @TaskLocal static var current: String?
}

/// A configuration that traces and counts.
func tracing(_ uri: String, published: @escaping @Sendable () -> Void) throws -> ConnectionConfiguration {
    var configuration = try ConnectionConfiguration(uri: uri)
    configuration.hooks.traceparent = { Trace.current }
    configuration.hooks.working = { delivery, work in
        try await Trace.$current.withValue(delivery.traceparent) { try await work() }
    }
    configuration.hooks.counting = { if case .published = $0 { published() } }
    return configuration
}
