/// Lets other tasks run until `condition` holds. A test over its time limit is cancelled, which ends this too: it then
/// fails by name instead of keeping the whole run from ending.
func until(_ condition: () -> Bool) async throws {
    while !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}
