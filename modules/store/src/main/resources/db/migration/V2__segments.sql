-- What a bake was laid out as: an array of {diff_id, bytes, hidden_bytes, reused}, lowest layer first; null where nobody told.
ALTER TABLE artifacts
    ADD COLUMN segments      jsonb,
    ADD COLUMN segments_more int NOT NULL DEFAULT 0;  -- how many are not in it

-- Which images share a layer.
CREATE INDEX artifacts_by_segment ON artifacts USING gin (segments jsonb_path_ops);
CREATE INDEX images_by_fingerprint ON images (fingerprint) WHERE fingerprint IS NOT NULL;

-- What its cache may take in all; null: no bound.
ALTER TABLE workers ADD COLUMN cache_quota_bytes bigint;

-- Since when this try goes on: updated_at moves with every sign of life.
ALTER TABLE image_cache ADD COLUMN building_since timestamptz;
