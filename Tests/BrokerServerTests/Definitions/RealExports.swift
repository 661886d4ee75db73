/// What `rabbitmqctl export_definitions` wrote on each release (3.10.8, 4.0.5, 4.3.6) while clients were connected: two exclusive
/// queues with bindings (`mine`, and one whose name RabbitMQ gave), an auto-delete queue with such a name, and an exchange
/// `inside` that is internal. RabbitMQ writes neither those exclusive queues nor that exchange, but all of their bindings. Only
/// the lines are other than they were. guest's password is `guest`, the others' is `secret`.
enum RealExports {
    static let all = [("3.10.8", of310), ("4.0.5", of40), ("4.3.6", of43)]

    static let of310 = #"""
        {
         "bindings": [
          {"arguments": {}, "destination": "mine", "destination_type": "queue", "routing_key": "m.*", "source": "amq.topic", "vhost": "/"},
          {"arguments": {}, "destination": "amq.gen-9m4jb60f3HgKHn7ZfxxY6Q", "destination_type": "queue", "routing_key": "", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "amq.gen-BzfAs3V6OOFdFVjwtUSrLQ", "destination_type": "queue", "routing_key": "", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "log", "destination_type": "queue", "routing_key": "", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "transient", "destination_type": "queue", "routing_key": "t", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "majority", "destination_type": "queue", "routing_key": "k", "source": "inside", "vhost": "/"},
          {"arguments": {}, "destination": "inside", "destination_type": "exchange", "routing_key": "in.#", "source": "orders", "vhost": "/"},
          {"arguments": {}, "destination": "billing", "destination_type": "queue", "routing_key": "orders.#", "source": "orders", "vhost": "/"},
          {"arguments": {}, "destination": "amq.gen-9m4jb60f3HgKHn7ZfxxY6Q", "destination_type": "queue", "routing_key": "orders.eu", "source": "orders", "vhost": "/"}
         ],
         "exchanges": [
          {"arguments": {}, "auto_delete": false, "durable": true, "name": "orders", "type": "topic", "vhost": "/"},
          {"arguments": {}, "auto_delete": false, "durable": true, "name": "events", "type": "fanout", "vhost": "/"}
         ],
         "global_parameters": [],
         "parameters": [],
         "permissions": [
          {"configure": "^a", "read": ".*", "user": "anna", "vhost": "other", "write": ".*"},
          {"configure": ".*", "read": ".*", "user": "guest", "vhost": "other", "write": ".*"},
          {"configure": ".*", "read": ".*", "user": "guest", "vhost": "/", "write": ".*"},
          {"configure": "^a", "read": ".*", "user": "anna", "vhost": "/", "write": ".*"}
         ],
         "policies": [
          {"apply-to": "queues", "definition": {"max-length": 1000}, "name": "limits", "pattern": "^bill", "priority": 0, "vhost": "/"}
         ],
         "queues": [
          {"arguments": {}, "auto_delete": true, "durable": false, "name": "amq.gen-BzfAs3V6OOFdFVjwtUSrLQ", "type": "classic", "vhost": "/"},
          {"arguments": {}, "auto_delete": false, "durable": false, "name": "transient", "type": "classic", "vhost": "/"},
          {"arguments": {}, "auto_delete": false, "durable": true, "name": "billing", "type": "classic", "vhost": "/"},
          {"arguments": {"x-queue-type": "stream"}, "auto_delete": false, "durable": true, "name": "log", "type": "stream", "vhost": "/"},
          {"arguments": {"x-queue-type": "quorum"}, "auto_delete": false, "durable": true, "name": "majority", "type": "quorum", "vhost": "/"}
         ],
         "rabbit_version": "3.10.8",
         "rabbitmq_version": "3.10.8",
         "topic_permissions": [],
         "users": [
          {"hashing_algorithm": "rabbit_password_hashing_sha256", "limits": {}, "name": "guest", "password_hash": "w/imMjxYH8B6RbEBdH/eoGL5QBIFAWUfxRvEb8mNvs4SgPqb", "tags": ["administrator"]},
          {"hashing_algorithm": "rabbit_password_hashing_sha256", "limits": {}, "name": "anna", "password_hash": "LN9XpNTow2qhkyQsY6n3NVIrQ/LJPa0TcQfjYbNvQyMvCsJX", "tags": []},
          {"hashing_algorithm": "rabbit_password_hashing_sha256", "limits": {}, "name": "ben", "password_hash": "QY7VrLnssGhT0iMkc4cUVz0GV/Xhdctc/xN4/LMjN0bR7Kre", "tags": ["management"]}
         ],
         "vhosts": [
          {"limits": [], "metadata": {"description": "", "tags": []}, "name": "other"},
          {"limits": [], "metadata": {"description": "Default virtual host", "tags": []}, "name": "/"}
         ]
        }
        """#

    static let of40 = #"""
        {
         "permissions": [
          {"configure": "^a", "read": ".*", "user": "anna", "vhost": "other", "write": ".*"},
          {"configure": ".*", "read": ".*", "user": "guest", "vhost": "/", "write": ".*"},
          {"configure": ".*", "read": ".*", "user": "guest", "vhost": "other", "write": ".*"},
          {"configure": "^a", "read": ".*", "user": "anna", "vhost": "/", "write": ".*"}
         ],
         "bindings": [
          {"arguments": {}, "destination": "mine", "destination_type": "queue", "routing_key": "m.*", "source": "amq.topic", "vhost": "/"},
          {"arguments": {}, "destination": "amq.gen-MQkhIrxyMeMVK6jSQIn_Ug", "destination_type": "queue", "routing_key": "", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "amq.gen-mPYsY1I1ZOT436txtlCs0A", "destination_type": "queue", "routing_key": "", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "log", "destination_type": "queue", "routing_key": "", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "transient", "destination_type": "queue", "routing_key": "t", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "majority", "destination_type": "queue", "routing_key": "k", "source": "inside", "vhost": "/"},
          {"arguments": {}, "destination": "inside", "destination_type": "exchange", "routing_key": "in.#", "source": "orders", "vhost": "/"},
          {"arguments": {}, "destination": "billing", "destination_type": "queue", "routing_key": "orders.#", "source": "orders", "vhost": "/"},
          {"arguments": {}, "destination": "amq.gen-MQkhIrxyMeMVK6jSQIn_Ug", "destination_type": "queue", "routing_key": "orders.eu", "source": "orders", "vhost": "/"}
         ],
         "queues": [
          {"arguments": {"x-queue-type": "quorum"}, "auto_delete": false, "durable": true, "name": "majority", "type": "quorum", "vhost": "/"},
          {"arguments": {"x-queue-type": "classic"}, "auto_delete": true, "durable": false, "name": "amq.gen-mPYsY1I1ZOT436txtlCs0A", "type": "classic", "vhost": "/"},
          {"arguments": {"x-queue-type": "classic"}, "auto_delete": false, "durable": false, "name": "transient", "type": "classic", "vhost": "/"},
          {"arguments": {"x-queue-type": "stream"}, "auto_delete": false, "durable": true, "name": "log", "type": "stream", "vhost": "/"},
          {"arguments": {"x-queue-type": "classic"}, "auto_delete": false, "durable": true, "name": "billing", "type": "classic", "vhost": "/"}
         ],
         "parameters": [],
         "policies": [
          {"apply-to": "queues", "definition": {"max-length": 1000}, "name": "limits", "pattern": "^bill", "priority": 0, "vhost": "/"}
         ],
         "rabbitmq_version": "4.0.5",
         "rabbit_version": "4.0.5",
         "exchanges": [
          {"arguments": {}, "auto_delete": false, "durable": true, "name": "events", "type": "fanout", "vhost": "/"},
          {"arguments": {}, "auto_delete": false, "durable": true, "name": "orders", "type": "topic", "vhost": "/"}
         ],
         "vhosts": [
          {"default_queue_type": "classic", "limits": [], "metadata": {"description": "", "tags": []}, "name": "other"},
          {"default_queue_type": "classic", "limits": [], "metadata": {"description": "Default virtual host", "tags": []}, "name": "/"}
         ],
         "users": [
          {"hashing_algorithm": "rabbit_password_hashing_sha256", "limits": {}, "name": "guest", "password_hash": "TfgByTZX59mD4FTraK5qP9PWpX4HuWerx8l1/FjIx1CuS379", "tags": ["administrator"]},
          {"hashing_algorithm": "rabbit_password_hashing_sha256", "limits": {}, "name": "anna", "password_hash": "ybBXyK/6t6eC9V5bCXGGZP9uHmzxVDnR90FnKL1gxVzLTx35", "tags": []},
          {"hashing_algorithm": "rabbit_password_hashing_sha256", "limits": {}, "name": "ben", "password_hash": "llA749tNvso8ufGdo2oWkJ6dt+lhTf86Py3rhqDA12eshbGa", "tags": ["management"]}
         ],
         "global_parameters": [
          {"name": "cluster_tags", "value": []}
         ],
         "topic_permissions": []
        }
        """#

    static let of43 = #"""
        {
         "permissions": [
          {"configure": "^a", "read": ".*", "user": "anna", "vhost": "/", "write": ".*"},
          {"configure": ".*", "read": ".*", "user": "guest", "vhost": "/", "write": ".*"},
          {"configure": "^a", "read": ".*", "user": "anna", "vhost": "other", "write": ".*"},
          {"configure": ".*", "read": ".*", "user": "guest", "vhost": "other", "write": ".*"}
         ],
         "bindings": [
          {"arguments": {}, "destination": "log", "destination_type": "queue", "routing_key": "", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "amq.gen--_YqozoK8GRaTMHmgqkEOg", "destination_type": "queue", "routing_key": "", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "mine", "destination_type": "queue", "routing_key": "m.*", "source": "amq.topic", "vhost": "/"},
          {"arguments": {}, "destination": "billing", "destination_type": "queue", "routing_key": "orders.#", "source": "orders", "vhost": "/"},
          {"arguments": {}, "destination": "amq.gen-ZzhQEsiuzHe1npK5hzw8Fw", "destination_type": "queue", "routing_key": "", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "majority", "destination_type": "queue", "routing_key": "k", "source": "inside", "vhost": "/"},
          {"arguments": {}, "destination": "transient", "destination_type": "queue", "routing_key": "t", "source": "events", "vhost": "/"},
          {"arguments": {}, "destination": "inside", "destination_type": "exchange", "routing_key": "in.#", "source": "orders", "vhost": "/"},
          {"arguments": {}, "destination": "amq.gen-ZzhQEsiuzHe1npK5hzw8Fw", "destination_type": "queue", "routing_key": "orders.eu", "source": "orders", "vhost": "/"}
         ],
         "queues": [
          {"arguments": {"x-queue-type": "classic"}, "auto_delete": false, "durable": false, "name": "transient", "type": "classic", "vhost": "/"},
          {"arguments": {"x-queue-type": "classic"}, "auto_delete": true, "durable": false, "name": "amq.gen--_YqozoK8GRaTMHmgqkEOg", "type": "classic", "vhost": "/"},
          {"arguments": {"x-queue-type": "classic"}, "auto_delete": false, "durable": true, "name": "billing", "type": "classic", "vhost": "/"},
          {"arguments": {"x-queue-type": "quorum"}, "auto_delete": false, "durable": true, "name": "majority", "type": "quorum", "vhost": "/"},
          {"arguments": {"x-queue-type": "stream"}, "auto_delete": false, "durable": true, "name": "log", "type": "stream", "vhost": "/"}
         ],
         "parameters": [],
         "policies": [
          {"apply-to": "queues", "definition": {"max-length": 1000}, "name": "limits", "pattern": "^bill", "priority": 0, "vhost": "/"}
         ],
         "rabbitmq_version": "4.3.6",
         "rabbit_version": "4.3.6",
         "exchanges": [
          {"arguments": {}, "auto_delete": false, "durable": true, "name": "amq.rabbitmq.log", "type": "topic", "vhost": "/"},
          {"arguments": {}, "auto_delete": false, "durable": true, "name": "events", "type": "fanout", "vhost": "/"},
          {"arguments": {}, "auto_delete": false, "durable": true, "name": "orders", "type": "topic", "vhost": "/"}
         ],
         "vhosts": [
          {"limits": {}, "metadata": {"description": "", "tags": [], "default_queue_type": "classic"}, "name": "other"},
          {"limits": {}, "metadata": {"description": "Default virtual host", "tags": [], "default_queue_type": "classic"}, "name": "/"}
         ],
         "users": [
          {"hashing_algorithm": "rabbit_password_hashing_sha256", "limits": {}, "name": "anna", "password_hash": "GE1FmvW+vuLWtoJnbNE48pz1yvBUzMdYTTrOjB9K2E7P6RN0", "tags": []},
          {"hashing_algorithm": "rabbit_password_hashing_sha256", "limits": {}, "name": "ben", "password_hash": "ZtWWPRm7oUkURRMiPfEn2jrumU16BApH1BwXOebYUBw709TL", "tags": ["management"]},
          {"hashing_algorithm": "rabbit_password_hashing_sha256", "limits": {}, "name": "guest", "password_hash": "ZRMG3GUXAMveKplTzeVJEJTGipOVNmNjMjAHkga0VSdSSbRy", "tags": ["administrator"]}
         ],
         "global_parameters": [
          {"name": "cluster_tags", "value": []}
         ],
         "topic_permissions": []
        }
        """#
}
