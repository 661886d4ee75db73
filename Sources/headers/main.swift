import TutorialKit

// Step 8: receivers choose by named fields.
await Step(
    "headers",
    roles: [
        Role(
            "emit", takes: "[HEADER=VALUE...] [MESSAGE]", options: [.count],
            does: "sends a message that carries these headers"
        ) { broker, arguments in
            let headers = arguments.words.prefix(while: isField)
            try await emit(
                arguments.messages(skipping: headers.count, or: "Hello World!"), headers: fields(headers), to: broker)
        },
        Role(
            "receive", takes: "all|any HEADER=VALUE...",
            does: "prints the messages that have all of these headers, or any"
        ) { broker, arguments in
            let match = arguments.words[0]
            guard ["all", "any"].contains(match) else {
                throw UsageError("'receive' begins with 'all' or 'any', not with '\(match)'")
            }
            try await receive(match, of: fields(arguments.words.dropFirst()), from: broker)
        },
    ],
    play: { play in
        let wanted = try fields(["format=pdf", "type=report"])
        for match in ["all", "any"] {
            try await play.start(match + " of these") { try await receive(match, of: wanted, from: $0) }
        }
        try await play.run("emit", then: 2) { try await emit(["Both"], headers: wanted, to: $0) }
        let one = try fields(["format=pdf", "type=log"])
        try await play.run("emit", then: 1) { try await emit(["One of two"], headers: one, to: $0) }
        let none = try fields(["format=zip"])
        try await play.run("emit", then: 0) { try await emit(["Neither"], headers: none, to: $0) }
    }
).run()
