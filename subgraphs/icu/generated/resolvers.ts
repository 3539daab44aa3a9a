import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { StoredPatient } from '../domain/patient.ts';
import type { Context } from '../context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  DateTime: { input: string; output: string; }
  _FieldSet: { input: unknown; output: unknown; }
};

export type Query = {
  __typename?: 'Query';
  /** One patient, or null when there is none with this id. */
  patient?: Maybe<Patient>;
  /** Patients in the order in which they were loaded; `first` is 1 to 100. */
  patients: PatientConnection;
  /** What may be observed: codes, units and plausible ranges. */
  observationTypes: Array<ObservationType>;
  /** The versions of the ICU model that are kept, the one that answers first; `first` is 1 to 100. Other models: `models`. */
  icuModelVersions: Array<ModelVersion>;
  /** One training of the ICU model, or null when there is none with this id. */
  icuModelTraining?: Maybe<IcuModelTraining>;
};


export type QueryPatientArgs = {
  id: Scalars['ID']['input'];
};


export type QueryPatientsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
};


export type QueryIcuModelVersionsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryIcuModelTrainingArgs = {
  id: Scalars['ID']['input'];
};

export type Mutation = {
  __typename?: 'Mutation';
  /** Stores observations of a known patient. All of them or, when one is faulty, none. */
  observationRecord: ObservationRecordPayload;
  /** The ICU risk of observations that are not stored. */
  icuRiskAssess: IcuRiskAssessPayload;
  /**
   * Begins to train the ICU model on the cohort that was loaded last, and returns at once: read `icuModelTraining` until the
   * training has ended. One training runs at a time.
   */
  icuModelTrain: IcuModelTrainPayload;
};


export type MutationObservationRecordArgs = {
  input: ObservationRecordInput;
};


export type MutationIcuRiskAssessArgs = {
  input: IcuRiskAssessInput;
};


export type MutationIcuModelTrainArgs = {
  input: IcuModelTrainInput;
};

/** What `observationRecord` takes. */
export type ObservationRecordInput = {
  /** A known patient. */
  patientId: Scalars['ID']['input'];
  /** One to 50 values. */
  observations: Array<ObservationInput>;
};

/** One measured value as it is sent. */
export type ObservationInput = {
  /** A code of `observationTypes`, for example heart_rate. */
  code: Scalars['String']['input'];
  /** In the unit of the code. */
  value: Scalars['Float']['input'];
  /** When it was measured; now, when left out. */
  observedAt?: InputMaybe<Scalars['DateTime']['input']>;
};

/** What `icuRiskAssess` takes. */
export type IcuRiskAssessInput = {
  /** One to 50 values; what is missing counts as not measured. */
  observations: Array<ObservationInput>;
};

/** What `icuModelTrain` takes. */
export type IcuModelTrainInput = {
  /** 1 to 60 of a-z, 0-9 and _: the id of the training. The same once more starts nothing new. One is made up when left out. */
  name?: InputMaybe<Scalars['String']['input']>;
};

/** What became of observations that were sent. */
export type ObservationRecordPayload = {
  __typename?: 'ObservationRecordPayload';
  /** The patient with the new observations; null when none was stored. */
  patient?: Maybe<Patient>;
  /** The values that cannot be taken, and why. */
  userErrors: Array<UserError>;
};

/** What became of an assessment. */
export type IcuRiskAssessPayload = {
  __typename?: 'IcuRiskAssessPayload';
  /** The risk; null when a value cannot be taken. */
  icuRisk?: Maybe<IcuRisk>;
  /** The values that cannot be taken, and why. */
  userErrors: Array<UserError>;
};

/** What became of the wish to train. */
export type IcuModelTrainPayload = {
  __typename?: 'IcuModelTrainPayload';
  /** The training; null when it cannot begin. */
  training?: Maybe<IcuModelTraining>;
  /** Why it cannot: BAD_USER_INPUT for the name, OVERLOADED while another one runs. */
  userErrors: Array<UserError>;
};

/** A training of the ICU model. */
export type IcuModelTraining = {
  __typename?: 'IcuModelTraining';
  /** By which it is read again. */
  id: Scalars['ID']['output'];
  /** Whether it has ended, and how. */
  state: IcuModelTrainingState;
  /** The version that came of it; null until it has SUCCEEDED. */
  model?: Maybe<ModelVersion>;
  /** Why it FAILED. */
  error?: Maybe<Scalars['String']['output']>;
};

/** How far a training is. */
export type IcuModelTrainingState =
  /** It goes on, also where nothing is known of its end yet. */
  | 'RUNNING'
  /** Its version answers. */
  | 'SUCCEEDED'
  /** No version came of it. */
  | 'FAILED';

export type UserError = {
  __typename?: 'UserError';
  code: Scalars['String']['output'];
  message: Scalars['String']['output'];
  field?: Maybe<Array<Scalars['String']['output']>>;
};

/** A patient of a loaded cohort (by default a synthetic one). */
export type Patient = {
  __typename?: 'Patient';
  /** As the clinical database names the patient. */
  id: Scalars['ID']['output'];
  /** Newest first; `first` is 1 to 500. */
  observations?: Maybe<Array<Observation>>;
  /** How probable a later admission to the ICU is, from the newest observation of each kind. */
  icuRisk?: Maybe<IcuRisk>;
};


/** A patient of a loaded cohort (by default a synthetic one). */
export type PatientObservationsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A page of patients (Relay cursor connections). */
export type PatientConnection = {
  __typename?: 'PatientConnection';
  /** The patients with their cursors. */
  edges: Array<PatientEdge>;
  /** The patients without their cursors. */
  nodes: Array<Patient>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** A patient in a page. */
export type PatientEdge = {
  __typename?: 'PatientEdge';
  /** The `after` of the page that begins behind it. */
  cursor: Scalars['String']['output'];
  /** The patient. */
  node: Patient;
};

export type PageInfo = {
  __typename?: 'PageInfo';
  hasNextPage: Scalars['Boolean']['output'];
  endCursor?: Maybe<Scalars['String']['output']>;
};

/** One measured value. */
export type Observation = {
  __typename?: 'Observation';
  /** A code of `observationTypes`. */
  code: Scalars['String']['output'];
  /** The code in words. */
  display: Scalars['String']['output'];
  /** In the unit beside it. */
  value: Scalars['Float']['output'];
  /** UCUM unit; `1` where the value has none, for example because its source has scaled it. */
  unit: Scalars['String']['output'];
  /** When it was measured. */
  observedAt: Scalars['DateTime']['output'];
};

/** What may be observed. */
export type ObservationType = {
  __typename?: 'ObservationType';
  /** The name by which it is sent. */
  code: Scalars['String']['output'];
  /** The code in words. */
  display: Scalars['String']['output'];
  /** UCUM unit; `1` where the value has none, for example because its source has scaled it. */
  unit: Scalars['String']['output'];
  /** Lowest value that is taken. */
  minimum: Scalars['Float']['output'];
  /** Highest value that is taken. */
  maximum: Scalars['Float']['output'];
};

/** How probable an admission to the ICU is. Never for clinical use without approval. */
export type IcuRisk = {
  __typename?: 'IcuRisk';
  /** Between 0 and 1. */
  probability: Scalars['Float']['output'];
  /** Whether the probability reaches the threshold. */
  willBeAdmitted: Scalars['Boolean']['output'];
  /** Between 0 and 1; it comes with the model version. */
  threshold: Scalars['Float']['output'];
  /** The version that answered. */
  model: ModelVersion;
  /** The time over which the observations were made, for example 0-2 h; the days of the oldest and the newest, for example 2026-01-01 to 2026-11-28, where they are more than 48 hours apart. What holds for years, such as age, does not count. */
  window?: Maybe<Scalars['String']['output']>;
  /** When the oldest of the observations was made. */
  observedFrom?: Maybe<Scalars['DateTime']['output']>;
  /** When the newest of the observations was made. */
  observedUntil?: Maybe<Scalars['DateTime']['output']>;
  /** What to know before the risk is believed, in words: that the observations are more than 48 hours apart and so not of one stay. Null where they are of one. */
  caution?: Maybe<Scalars['String']['output']>;
  /** When it was computed. */
  assessedAt: Scalars['DateTime']['output'];
  /** What moved the probability most, strongest first. */
  reasons: Array<IcuRiskReason>;
};

/** The share of one observation in a risk. */
export type IcuRiskReason = {
  __typename?: 'IcuRiskReason';
  /** A code of `observationTypes`. */
  code: Scalars['String']['output'];
  /** The code in words. */
  display: Scalars['String']['output'];
  /** The measured value; null when it was not measured. */
  value?: Maybe<Scalars['Float']['output']>;
  /** In log-odds against the average patient: above 0 raises the risk. */
  contribution: Scalars['Float']['output'];
};

export type ModelVersion = {
  __typename?: 'ModelVersion';
  name: Scalars['String']['output'];
  version: Scalars['String']['output'];
  state: ModelState;
  digest?: Maybe<Scalars['String']['output']>;
  engine: Scalars['String']['output'];
};

export type ModelState =
  | 'UNKNOWN'
  | 'START'
  | 'LOADING'
  | 'AVAILABLE'
  | 'UNLOADING'
  | 'END';



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type ReferenceResolver<TResult, TReference, TContext> = (
      reference: TReference,
      context: TContext,
      info: GraphQLResolveInfo
    ) => Promise<TResult> | TResult;

      type ScalarCheck<T, S> = S extends true ? T : NullableCheck<T, S>;
      type NullableCheck<T, S> = Maybe<T> extends T ? Maybe<ListCheck<NonNullable<T>, S>> : ListCheck<T, S>;
      type ListCheck<T, S> = T extends (infer U)[] ? NullableCheck<U, S>[] : GraphQLRecursivePick<T, S>;
      export type GraphQLRecursivePick<T, S> = { [K in keyof T & keyof S]: ScalarCheck<T[K], S[K]> };
    

export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

/** Mapping of federation types */
export type FederationTypes = {
  Patient: Patient;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  Patient:
    ( { __typename: 'Patient' }
    & GraphQLRecursivePick<FederationTypes['Patient'], {"id":true}> );
};



/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ObservationRecordInput: ObservationRecordInput;
  ObservationInput: ObservationInput;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  IcuRiskAssessInput: IcuRiskAssessInput;
  IcuModelTrainInput: IcuModelTrainInput;
  ObservationRecordPayload: ResolverTypeWrapper<Omit<ObservationRecordPayload, 'patient'> & { patient?: Maybe<ResolversTypes['Patient']> }>;
  IcuRiskAssessPayload: ResolverTypeWrapper<IcuRiskAssessPayload>;
  IcuModelTrainPayload: ResolverTypeWrapper<IcuModelTrainPayload>;
  IcuModelTraining: ResolverTypeWrapper<IcuModelTraining>;
  IcuModelTrainingState: IcuModelTrainingState;
  UserError: ResolverTypeWrapper<UserError>;
  Patient: ResolverTypeWrapper<StoredPatient>;
  PatientConnection: ResolverTypeWrapper<Omit<PatientConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['PatientEdge']>, nodes: Array<ResolversTypes['Patient']> }>;
  PatientEdge: ResolverTypeWrapper<Omit<PatientEdge, 'node'> & { node: ResolversTypes['Patient'] }>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  Observation: ResolverTypeWrapper<Observation>;
  ObservationType: ResolverTypeWrapper<ObservationType>;
  IcuRisk: ResolverTypeWrapper<IcuRisk>;
  IcuRiskReason: ResolverTypeWrapper<IcuRiskReason>;
  ModelVersion: ResolverTypeWrapper<ModelVersion>;
  ModelState: ModelState;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  DateTime: Scalars['DateTime']['output'];
  Query: Record<PropertyKey, never>;
  ID: Scalars['ID']['output'];
  Int: Scalars['Int']['output'];
  Mutation: Record<PropertyKey, never>;
  ObservationRecordInput: ObservationRecordInput;
  ObservationInput: ObservationInput;
  Float: Scalars['Float']['output'];
  IcuRiskAssessInput: IcuRiskAssessInput;
  IcuModelTrainInput: IcuModelTrainInput;
  ObservationRecordPayload: Omit<ObservationRecordPayload, 'patient'> & { patient?: Maybe<ResolversParentTypes['Patient']> };
  IcuRiskAssessPayload: IcuRiskAssessPayload;
  IcuModelTrainPayload: IcuModelTrainPayload;
  IcuModelTraining: IcuModelTraining;
  UserError: UserError;
  Patient: StoredPatient;
  PatientConnection: Omit<PatientConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['PatientEdge']>, nodes: Array<ResolversParentTypes['Patient']> };
  PatientEdge: Omit<PatientEdge, 'node'> & { node: ResolversParentTypes['Patient'] };
  PageInfo: PageInfo;
  Boolean: Scalars['Boolean']['output'];
  Observation: Observation;
  ObservationType: ObservationType;
  IcuRisk: IcuRisk;
  IcuRiskReason: IcuRiskReason;
  ModelVersion: ModelVersion;
  String: Scalars['String']['output'];
};

export type AccessDirectiveArgs = {
  scope: Scalars['String']['input'];
};

export type AccessDirectiveResolver<Result, Parent, ContextType = Context, Args = AccessDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  patient?: Resolver<Maybe<ResolversTypes['Patient']>, ParentType, ContextType, RequireFields<QueryPatientArgs, 'id'>>;
  patients?: Resolver<ResolversTypes['PatientConnection'], ParentType, ContextType, RequireFields<QueryPatientsArgs, 'first'>>;
  observationTypes?: Resolver<Array<ResolversTypes['ObservationType']>, ParentType, ContextType>;
  icuModelVersions?: Resolver<Array<ResolversTypes['ModelVersion']>, ParentType, ContextType, RequireFields<QueryIcuModelVersionsArgs, 'first'>>;
  icuModelTraining?: Resolver<Maybe<ResolversTypes['IcuModelTraining']>, ParentType, ContextType, RequireFields<QueryIcuModelTrainingArgs, 'id'>>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  observationRecord?: Resolver<ResolversTypes['ObservationRecordPayload'], ParentType, ContextType, RequireFields<MutationObservationRecordArgs, 'input'>>;
  icuRiskAssess?: Resolver<ResolversTypes['IcuRiskAssessPayload'], ParentType, ContextType, RequireFields<MutationIcuRiskAssessArgs, 'input'>>;
  icuModelTrain?: Resolver<ResolversTypes['IcuModelTrainPayload'], ParentType, ContextType, RequireFields<MutationIcuModelTrainArgs, 'input'>>;
};

export type ObservationRecordPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ObservationRecordPayload'] = ResolversParentTypes['ObservationRecordPayload']> = {
  patient?: Resolver<Maybe<ResolversTypes['Patient']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type IcuRiskAssessPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['IcuRiskAssessPayload'] = ResolversParentTypes['IcuRiskAssessPayload']> = {
  icuRisk?: Resolver<Maybe<ResolversTypes['IcuRisk']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type IcuModelTrainPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['IcuModelTrainPayload'] = ResolversParentTypes['IcuModelTrainPayload']> = {
  training?: Resolver<Maybe<ResolversTypes['IcuModelTraining']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type IcuModelTrainingResolvers<ContextType = Context, ParentType extends ResolversParentTypes['IcuModelTraining'] = ResolversParentTypes['IcuModelTraining']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['IcuModelTrainingState'], ParentType, ContextType>;
  model?: Resolver<Maybe<ResolversTypes['ModelVersion']>, ParentType, ContextType>;
  error?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  field?: Resolver<Maybe<Array<ResolversTypes['String']>>, ParentType, ContextType>;
};

export type PatientResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Patient'] = ResolversParentTypes['Patient'], FederationReferenceType extends FederationReferenceTypes['Patient'] = FederationReferenceTypes['Patient']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Patient']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  observations?: Resolver<Maybe<Array<ResolversTypes['Observation']>>, ParentType, ContextType, RequireFields<PatientObservationsArgs, 'first'>>;
  icuRisk?: Resolver<Maybe<ResolversTypes['IcuRisk']>, ParentType, ContextType>;
};

export type PatientConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PatientConnection'] = ResolversParentTypes['PatientConnection']> = {
  edges?: Resolver<Array<ResolversTypes['PatientEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Patient']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type PatientEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PatientEdge'] = ResolversParentTypes['PatientEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Patient'], ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ObservationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Observation'] = ResolversParentTypes['Observation']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  display?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  value?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  unit?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type ObservationTypeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ObservationType'] = ResolversParentTypes['ObservationType']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  display?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  unit?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  minimum?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  maximum?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type IcuRiskResolvers<ContextType = Context, ParentType extends ResolversParentTypes['IcuRisk'] = ResolversParentTypes['IcuRisk']> = {
  probability?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  willBeAdmitted?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  threshold?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  model?: Resolver<ResolversTypes['ModelVersion'], ParentType, ContextType>;
  window?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  observedFrom?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  observedUntil?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  caution?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  assessedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  reasons?: Resolver<Array<ResolversTypes['IcuRiskReason']>, ParentType, ContextType>;
};

export type IcuRiskReasonResolvers<ContextType = Context, ParentType extends ResolversParentTypes['IcuRiskReason'] = ResolversParentTypes['IcuRiskReason']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  display?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  value?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  contribution?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type ModelVersionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ModelVersion'] = ResolversParentTypes['ModelVersion']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['ModelState'], ParentType, ContextType>;
  digest?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  engine?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  DateTime?: GraphQLScalarType;
  Query?: QueryResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  ObservationRecordPayload?: ObservationRecordPayloadResolvers<ContextType>;
  IcuRiskAssessPayload?: IcuRiskAssessPayloadResolvers<ContextType>;
  IcuModelTrainPayload?: IcuModelTrainPayloadResolvers<ContextType>;
  IcuModelTraining?: IcuModelTrainingResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  Patient?: PatientResolvers<ContextType>;
  PatientConnection?: PatientConnectionResolvers<ContextType>;
  PatientEdge?: PatientEdgeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Observation?: ObservationResolvers<ContextType>;
  ObservationType?: ObservationTypeResolvers<ContextType>;
  IcuRisk?: IcuRiskResolvers<ContextType>;
  IcuRiskReason?: IcuRiskReasonResolvers<ContextType>;
  ModelVersion?: ModelVersionResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = Context> = {
  access?: AccessDirectiveResolver<any, any, ContextType>;
};
