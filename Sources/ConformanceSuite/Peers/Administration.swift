import AMQPWire

// What a case does to its broker that AMQP has no words for. Each has a `Need` that the case must name.

/// Stops the broker and starts it again (`needs: [.restart]`). Every connection of the case is lost. Our own is down for
/// so long; others for as long as they take, mostly some seconds.
func restartBroker(lasting milliseconds: Int = 0) async throws {
    try await CaseRun.active().peer.restart(lasting: milliseconds)
}

/// Kills the broker without warning and starts it again (`needs: [.kill]`).
func killBroker() async throws { try await CaseRun.active().peer.kill() }

/// Kills nodes of a cluster without warning (`needs: [.cluster]`); 1 is the first. They are started again after the case, if
/// not before.
func kill(nodes: Int...) async throws {
    let run = try CaseRun.active()
    run.remember(killedNodes: nodes)
    try await run.peer.kill(nodes: nodes)
}

/// Starts nodes of a cluster, and returns when they answer.
func start(nodes: Int...) async throws { try await CaseRun.active().peer.start(nodes: nodes) }

/// Makes a virtual host that the suite's user may use, and that goes when the case is over
/// (`needs: [.secondVirtualHost]`).
func createVirtualHost() async throws -> String {
    let run = try CaseRun.active()
    let name = unique("host").text
    run.remember(virtualHost: name)
    return try await run.peer.createVirtualHost(name)
}

/// Makes a user that goes when the case is over (`needs: [.secondUser]`). Without rights it may not even open the
/// virtual host.
func createUser(_ rights: Rights? = Rights()) async throws -> Login {
    let run = try CaseRun.active()
    let name = unique("user").text
    run.remember(user: name)
    let login = Login(user: name, password: "secret", virtualHost: run.peer.login.virtualHost)
    try await run.peer.createUser(name, password: login.password, rights: rights, in: login.virtualHost)
    return login
}

/// Sets a policy that goes when the case is over, and returns its name (`needs: [.policies]`). Others use the broker too, so the
/// pattern has to match names of this case alone; see ``exactly(_:)``.
@discardableResult
func setPolicy(
    _ definition: FieldTable, on pattern: String, as name: String = unique("policy").text,
    applyTo target: String = "all",
    priority: Int64 = 0
) async throws -> String {
    let run = try CaseRun.active()
    run.remember(policy: name)
    try await run.peer.setPolicy(
        PolicyOrder(name: name, pattern: pattern, definition: definition, target: target, priority: priority))
    return name
}

func clearPolicy(_ name: String) async throws {
    let run = try CaseRun.active()
    try await run.peer.clearPolicy(name)
    run.forget(policy: name)
}

/// The pattern of a policy for this name alone.
func exactly(_ name: ShortString) -> String { "^\(name)$" }

/// One command of rabbitmqctl (`needs: [.admin]`), as words.
func administer(_ words: String...) async throws {
    let run = try CaseRun.active()
    run.remember(order: words)
    try await run.peer.administer(words)
}
