import AMQPClient
import Testing

/// The error that `body` throws; records an issue when it throws none.
public func failure(
    _ location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> AMQPError? {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: location)
        return nil
    } catch let error as AMQPError {
        return error
    } catch {
        Issue.record("\(error) is no AMQPError", sourceLocation: location)
        return nil
    }
}
